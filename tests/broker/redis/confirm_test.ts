/** Pushes that are confirmed by replicas, over HTTP and over TCP. */

import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { Redis as Upstash } from "@upstash/redis";
import { Redis } from "ioredis";
import {
  ioredisClient,
  type RedisClient,
  restClient,
  upstashClient,
} from "../../../src/broker/redis/mod.ts";
import { redisBroker } from "../../../src/broker/redis/mod.ts";
import { sqliteBroker } from "../../../src/broker/sqlite/mod.ts";
import { BrokerError, NotConfirmedError } from "../../../src/errors.ts";
import { type RedisGateway, redisGateway } from "../../support/redis_gateway.ts";
import { startRedisServer } from "../../support/redis_server.ts";
import { message } from "../contract/messages.ts";

const confirm = "replicated";

/** Opens a primary with a replica behind it. */
async function openPair() {
  const stack = new AsyncDisposableStack();
  const main = stack.use(await startRedisServer({ config: { "repl-diskless-sync-delay": "0" } }));
  const copy = stack.use(await startRedisServer());
  const server = stack.use(await redisGateway({ redis: main.url }));
  const replica = stack.use(await redisGateway({ redis: copy.url }));
  await replica.redis.replicaof("127.0.0.1", main.port);
  // Its first copy may take longer than a push waits.
  await server.redis.set("first", "1");
  while (await server.redis.wait(1, 1_000) < 1);
  return { main, server, replica, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

type Reach = (server: RedisGateway) => { client: RedisClient; close(): Promise<unknown> };
const WAYS: Readonly<Record<string, Reach>> = {
  HTTP: (server) => ({ client: upstashClient(server), close: () => Promise.resolve() }),
  "HTTP, by restClient": (server) => ({
    client: restClient(server),
    close: () => Promise.resolve(),
  }),
  TCP: (server) => {
    const redis = new Redis(server.redisPort, "127.0.0.1");
    return { client: ioredisClient(redis), close: () => redis.quit() };
  },
};

for (const [way, reach] of Object.entries(WAYS)) {
  Deno.test(`RedisBroker.push() over ${way} confirms what survives the loss of the primary`, async () => {
    await using pair = await openPair();
    const { client, close } = reach(pair.server);
    const broker = redisBroker({ client, namespace: "n", confirm });
    for (let i = 0; i < 20; i++) await broker.push([message(`m${i}`)]);
    await close();
    await pair.main.kill();
    await pair.replica.redis.replicaof("NO", "ONE");
    const { url, token } = pair.replica;
    const survivor = redisBroker({ url, token, namespace: "n" });
    const records = await survivor.read(Array.from({ length: 20 }, (_, i) => `m${i}`));
    assertEquals(records.map((record) => record?.state), Array(20).fill("ready"));
  });

  Deno.test(`RedisBroker.push() over ${way} says that it is stored, but not confirmed`, async () => {
    await using server = await redisGateway();
    const { client, close } = reach(server);
    const { namespace } = server;
    const broker = redisBroker({ client, namespace, confirm, replicas: 2, timeout: 400 });
    for (let again = 0; again < 2; again++) {
      const error = await assertRejects(() => broker.push([message("a")]), NotConfirmedError);
      assertEquals([error.reached, error.replicas, error.retryable], [0, 2, true]);
      assertMatch(error.message, /it is stored, but 0 of 2 replicas/);
    }
    const { queues } = await broker.stats();
    assertEquals(queues.map(({ ready }) => ready), [1]);
    await close();
  });
}

Deno.test("RedisBroker.push() of a repetition waits for what the first one wrote", async () => {
  await using pair = await openPair();
  const { url, token } = pair.server;
  const options = { url, token, namespace: "n" };
  await redisBroker(options).push([message("a")]);
  await pair.replica.redis.replicaof("NO", "ONE");
  await redisBroker(options).push([message("b")]);
  const broker = redisBroker({ ...options, confirm, timeout: 400 });
  const error = await assertRejects(() => broker.push([message("b")]), NotConfirmedError);
  assertEquals(error.reached, 0);
});

Deno.test("RedisBroker with confirm stores nothing, and says so, when Redis is full", async () => {
  await using own = await startRedisServer();
  await using server = await redisGateway({ redis: own.url });
  const { url, token, namespace } = server;
  const broker = redisBroker({ url, token, namespace, confirm, timeout: 400 });
  await server.redis.config("SET", "maxmemory", "1");
  const error = await assertRejects(() => broker.push([message("a")]), BrokerError);
  assert(error.full && !(error instanceof NotConfirmedError));
});

Deno.test("RedisBroker.push() says that a Redis without WAIT cannot confirm", async () => {
  const series = () => Promise.resolve([["=push", "=e", "="], "OK", new Error("ERR unknown")]);
  const client = { evalsha: series, eval: series, series };
  const broker = redisBroker({ client, confirm });
  const error = await assertRejects(() => broker.push([message("a")]), NotConfirmedError);
  assertEquals(error.retryable, false);
  assertMatch(error.message, /does not tell.*leave confirm off/);
});

Deno.test("confirm is refused where it cannot be had", () => {
  const url = "http://127.0.0.1:1";
  const none = { client: new Upstash({ url, token: "t" }), confirm } as const;
  assertThrows(() => redisBroker(none), TypeError, "no series");
  assertThrows(() => redisBroker({ url, token: "t", replicas: 1 }), TypeError, "replicas alone");
  assertThrows(
    () => redisBroker({ url, token: "t", confirm, replicas: 0 }),
    TypeError,
    "replicas 0",
  );
  const odd = { confirm } as never;
  assertThrows(() => sqliteBroker(odd), TypeError, "no replicas");
});
