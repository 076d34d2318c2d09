/** Stores for the tests of the Redis broker: over HTTP and over TCP, by a clock that stands still. */

import { Redis } from "ioredis";
import {
  ioredisClient,
  type RedisBroker,
  redisBroker,
  type RedisBrokerOptions,
  restClient,
} from "../../../src/broker/redis/mod.ts";
import { type RedisGateway, redisGateway } from "../../support/redis_gateway.ts";
import { type ContractHarness, type HarnessBounds, manualClock } from "../contract/harness.ts";
import { listLeftovers } from "./leftovers.ts";

/** Opens a store behind the gateway, reached with the client of @upstash/redis. */
export async function openHttp(bounds?: HarnessBounds): Promise<ContractHarness> {
  const server = await redisGateway();
  const { url, token } = server;
  return contractHarness(server, () => ({ url, token, ...bounds }));
}

/** Opens a store behind the gateway, reached with the broker's own client. */
export async function openRest(bounds?: HarnessBounds): Promise<ContractHarness> {
  const server = await redisGateway();
  return contractHarness(server, () => ({ client: restClient(server), ...bounds }));
}

/** Opens a store reached over TCP. */
export async function openTcp(bounds?: HarnessBounds): Promise<ContractHarness> {
  const server = await redisGateway();
  const redis = new Redis(server.redisPort, "127.0.0.1");
  const harness = contractHarness(server, () => ({ client: ioredisClient(redis), ...bounds }));
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
