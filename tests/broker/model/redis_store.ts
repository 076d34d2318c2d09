/** Many stores on one redis-server behind one gateway, a namespace each: they cost nothing to open. */

import { ioredisClient, redisBroker } from "../../../src/broker/redis/mod.ts";
import { redisGateway } from "../../support/redis_gateway.ts";
import { startRedisServer } from "../../support/redis_server.ts";
import { manualClock, type OpenHarness } from "../contract/harness.ts";
import { listLeftovers } from "../redis/leftovers.ts";

/** Opens stores until it is disposed of. */
export interface RedisStores extends AsyncDisposable {
  readonly open: OpenHarness;
}

/** Starts a redis-server of its own: looking through a namespace goes through all keys of a server. */
export async function redisStores(): Promise<RedisStores> {
  await using starting = new AsyncDisposableStack();
  const server = starting.use(await startRedisServer());
  const gateway = starting.use(await redisGateway({ redis: server.url }));
  const { url, token, redis } = gateway;
  // Most of a run is looks: those take the short way, past HTTP.
  const client = ioredisClient(redis);
  let count = 0;
  const open: OpenHarness = (bounds) => {
    const namespace = `${gateway.namespace}-${++count}-`;
    const clock = manualClock();
    const broker = redisBroker({ url, token, namespace, clock: clock.now, ...bounds });
    return Promise.resolve({
      broker,
      reader: redisBroker({ client, namespace, clock: clock.now, ...bounds }),
      clock,
      leftovers: () => listLeftovers({ ...gateway, namespace }),
      close: async () => {
        await broker.close();
        const keys = await redis.keys(`*${namespace}*`);
        if (keys.length > 0) await redis.unlink(keys);
      },
    });
  };
  const all = starting.move();
  return { open, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
