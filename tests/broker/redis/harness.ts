/** Stores for the tests of the Redis broker: over HTTP and over TCP, by a clock that stands still. */

import { Redis } from "ioredis";
import type { Broker } from "../../../src/broker/broker.ts";
import { RedisProducer } from "../../../src/broker/redis/redis_producer.ts";
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

/** Opens a store in which a producer's broker does what it can, and another one the rest. */
export async function openProducer(bounds?: HarnessBounds): Promise<ContractHarness> {
  const server = await redisGateway();
  const { url, token, namespace } = server;
  return contractHarness(server, () => ({ url, token, ...bounds }), (broker, clock) => {
    const producer = new RedisProducer({
      url,
      token,
      namespace,
      clock,
      deadLetters: bounds?.deadLetters,
    });
    return joined(producer, broker);
  });
}

function joined(producer: RedisProducer, broker: RedisBroker): Broker {
  return {
    kind: producer.kind,
    polling: broker.polling,
    lingerMs: broker.lingerMs,
    push: (...args) => producer.push(...args),
    read: (...args) => producer.read(...args),
    cancel: (...args) => producer.cancel(...args),
    stats: () => producer.stats(),
    exchange: (...args) => broker.exchange(...args),
    probe: (...args) => broker.probe(...args),
    dead: (...args) => broker.dead(...args),
    redrive: (...args) => broker.redrive(...args),
    discard: (...args) => broker.discard(...args),
    check: (...args) => broker.check(...args),
    close: () => Promise.all([producer.close(), broker.close()]).then(() => {}),
  };
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
  dress: (broker: RedisBroker, clock: () => number) => Broker = (broker) => broker,
): ContractHarness {
  const clock = manualClock();
  const brokers: Broker[] = [];
  const open = () => {
    const { namespace } = server;
    const broker = dress(redisBroker({ ...reach(), namespace, clock: clock.now }), clock.now);
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
