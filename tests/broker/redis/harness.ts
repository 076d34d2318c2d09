/** Stores for the tests of the Redis broker: over HTTP and over TCP, by a clock that stands still. */

import { Redis } from "ioredis";
import type { Retention } from "../../../src/broker/retention.ts";
import {
  ioredisClient,
  type RedisBroker,
  redisBroker,
  type RedisBrokerOptions,
  restClient,
} from "../../../src/broker/redis/mod.ts";
import { type RedisGateway, redisGateway } from "../../support/redis_gateway.ts";
import { type ContractHarness, manualClock } from "../contract/harness.ts";
import { listLeftovers } from "./leftovers.ts";

/** Opens a store behind the gateway, reached with the client of @upstash/redis. */
export async function openHttp(retention?: Retention): Promise<ContractHarness> {
  const server = await redisGateway();
  const { url, token } = server;
  return contractHarness(server, () => ({ url, token, retention }));
}

/** Opens a store behind the gateway, reached with the broker's own client. */
export async function openRest(retention?: Retention): Promise<ContractHarness> {
  const server = await redisGateway();
  return contractHarness(server, () => ({ client: restClient(server), retention }));
}

/** Opens a store reached over TCP. */
export async function openTcp(retention?: Retention): Promise<ContractHarness> {
  const server = await redisGateway();
  const redis = new Redis(server.redisPort, "127.0.0.1");
  const harness = contractHarness(server, () => ({ client: ioredisClient(redis), retention }));
  return { ...harness, close: () => redis.quit().then(() => harness.close()) };
}

function contractHarness(
  server: RedisGateway,
  reach: () => RedisBrokerOptions,
): ContractHarness {
  const clock = manualClock();
  const brokers: RedisBroker[] = [];
  const open = () => {
    const { namespace } = server;
    const broker = redisBroker({ ...reach(), namespace, clock: clock.now });
    brokers.push(broker);
    return broker;
  };
  return {
    broker: open(),
    clock,
    reopen: () => Promise.resolve(open()),
    leftovers: () => listLeftovers(server),
    close: async () => {
      await Promise.all(brokers.map((broker) => broker.close()));
      await server.close();
    },
  };
}
