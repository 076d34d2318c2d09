import { assert, assertEquals, assertRejects } from "@std/assert";
import { redisBroker } from "../../../src/broker/redis/mod.ts";
import { BrokerError } from "../../../src/errors.ts";
import { type RedisGateway, redisGateway } from "../../support/redis_gateway.ts";
import { startRedisServer } from "../../support/redis_server.ts";

const open = ({ url, token, namespace }: RedisGateway, more = {}) =>
  redisBroker({ url, token, namespace, ...more });

Deno.test("RedisBroker.doctor() has nothing to say of a Redis that keeps what it takes", async () => {
  await using own = await startRedisServer({ config: { appendonly: "yes" } });
  await using server = await redisGateway({ redis: own.url });
  assertEquals(await open(server).doctor(), []);
});

Deno.test("RedisBroker.doctor() says what can cost messages, and what to do", async () => {
  await using own = await startRedisServer();
  await using server = await redisGateway({ redis: own.url });
  const told = async (more = {}) => {
    const found = await open(server, more).doctor();
    return found.map(({ level, text }) => `${level} ${text}`).join("\n");
  };
  assert(/^danger .* set appendonly yes$/.test(await told()));
  await server.redis.config("SET", "maxmemory-policy", "allkeys-lru");
  assert(/danger .*set maxmemory-policy noeviction/.test(await told()));
  assert(
    /danger Redis has 0 replicas, confirm wants 1/.test(await told({ confirm: "replicated" })),
  );
  await server.redis.config("SET", "maxmemory", "1");
  assert(/warning Redis is \d+ % full/.test(await told()));
  await server.redis.replicaof("127.0.0.1", "1");
  assert(/danger This Redis is a replica/.test(await told()));
});

Deno.test("RedisBroker.uptimeMs() tells a Redis that was restarted from one that stayed up", async () => {
  await using own = await startRedisServer({ config: { appendonly: "yes" } });
  await using server = await redisGateway({ redis: own.url });
  const broker = open(server);
  const begunAt = Date.now();
  await own.kill();
  await own.start();
  const uptimeMs = await broker.uptimeMs();
  // Redis counts how often the second has changed since it began: up to one more than have passed.
  const mostMs = Date.now() - begunAt + 1_000;
  assert(uptimeMs !== undefined && uptimeMs <= mostMs, `${uptimeMs} of ${mostMs} ms`);
});

Deno.test("RedisBroker.uptimeMs() knows nothing where Redis does not tell", async () => {
  for (const info of [() => "# Server", () => Promise.reject(new Error("NOPERM no"))]) {
    assertEquals(await redisBroker({ client: answering(info) }).uptimeMs(), undefined);
  }
});

/** A client that knows nothing but how to answer `INFO`. */
const answering = (info: () => unknown) => ({
  evalsha: () => Promise.reject(new Error("unused")),
  eval: () => Promise.reject(new Error("unused")),
  command: async () => await info(),
});

Deno.test("RedisBroker.doctor() says what cannot be known", async () => {
  const refused = () => Promise.reject(new Error("NOPERM this user has no permissions"));
  for (const info of [() => "", () => null, refused]) {
    const found = await redisBroker({ client: answering(info) }).doctor();
    assertEquals(found.map(({ level }) => level), ["note"]);
  }
  const client = answering(() => "redis_mode:standalone");
  const found = await redisBroker({ client }).doctor();
  assertEquals(found.map(({ level }) => level), ["note", "note", "note"]);
});

Deno.test("RedisBroker.doctor() knows old versions", async () => {
  const levels = async (version: string) => {
    const info = `aof_enabled:1\r\nmaxmemory_policy:noeviction\r\n${version}`;
    const found = await redisBroker({ client: answering(() => info) }).doctor();
    return found.map(({ level }) => level);
  };
  assertEquals(await levels("redis_version:6.0.16"), ["danger"]);
  assertEquals(await levels("redis_version:6.2.1"), ["warning"]);
  assertEquals(await levels("redis_version:7.0.15"), []);
  assertEquals(await levels("redis_version:6.0.0\r\nvalkey_version:8.1"), []);
});

Deno.test("RedisBroker.doctor() fails when Redis cannot be reached", async () => {
  const client = answering(() => Promise.reject(new Error("LOADING Redis is loading")));
  await assertRejects(() => redisBroker({ client, retries: 0 }).doctor(), BrokerError, "loading");
});
