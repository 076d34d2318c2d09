import { redisGateway } from "../support/redis_gateway.ts";
import { cases } from "./cases.ts";
import { type Store, testProcesses } from "./scene.ts";

async function open(): Promise<Store> {
  const gateway = await redisGateway();
  const { url, token, namespace } = gateway;
  return {
    address: { kind: "redis", url, token, namespace },
    [Symbol.asyncDispose]: () => gateway.close(),
  };
}

testProcesses("redis over HTTP", cases, open);
