import { assertEquals, assertRejects } from "@std/assert";
import { Redis } from "@upstash/redis";
import { type RedisGateway, redisGateway } from "../support/redis_gateway.ts";

/** As the broker sets it up; every reply comes as it is. */
const PLAIN = {
  automaticDeserialization: false,
  enableAutoPipelining: false,
  responseEncoding: false,
  retry: { retries: 0 },
} as const;

function clients({ url, token }: RedisGateway): [string, Redis][] {
  return [
    ["default options", new Redis({ url, token })],
    ["the broker's options", new Redis({ url, token, ...PLAIN })],
  ];
}

Deno.test("@upstash/redis reads and writes text of any script", async () => {
  await using server = await redisGateway();
  for (const [name, redis] of clients(server)) {
    const key = `${server.namespace}:${name}`;
    assertEquals(await redis.ping(), "PONG");
    assertEquals(await redis.set(key, "héllo ✓ PONG"), "OK");
    assertEquals(await redis.get(key), "héllo ✓ PONG");
    assertEquals(await redis.set(key, "OK"), "OK");
    assertEquals(await redis.get(key), "OK");
    assertEquals(await redis.get(`${key}:none`), null);
    assertEquals(await redis.rpush(`${key}:l`, "a", "", "c"), 3);
    assertEquals(await redis.lrange(`${key}:l`, 0, -1), ["a", "", "c"]);
  }
});

Deno.test("@upstash/redis decodes a hash by default, and leaves it flat when told", async () => {
  await using server = await redisGateway();
  const [[, decoding], [, plain]] = clients(server) as [[string, Redis], [string, Redis]];
  await plain.hset(server.namespace, { a: "1", b: "x" });
  assertEquals(await decoding.hgetall(server.namespace), { a: 1, b: "x" });
  assertEquals(await plain.hgetall(server.namespace) as unknown, ["a", "1", "b", "x"]);
});

Deno.test("@upstash/redis runs pipelines and transactions", async () => {
  await using server = await redisGateway();
  for (const [name, redis] of clients(server)) {
    const key = `${server.namespace}:${name}`;
    for (const batch of [redis.pipeline(), redis.multi()]) {
      batch.set(key, "a").lpush(key, "b").strlen(key);
      const [set, push, length] = await batch.exec({ keepErrors: true });
      assertEquals([set?.result, length?.result], ["OK", 1]);
      assertEquals(push?.error?.startsWith("WRONGTYPE"), true);
    }
  }
});

Deno.test("@upstash/redis hears of a discarded transaction", async () => {
  await using server = await redisGateway();
  for (const [, redis] of clients(server)) {
    const batch = redis.multi().set(server.namespace, "a");
    batch.evalsha("too", [], []).exists();
    const error = await assertRejects(() => batch.exec(), Error, "EXECABORT");
    assertEquals(error.name, "UpstashError");
    assertEquals(await server.redis.exists(server.namespace), 0);
  }
});

Deno.test("@upstash/redis runs a script by hash, loading it once", async () => {
  await using server = await redisGateway();
  for (const [, redis] of clients(server)) {
    const key = server.namespace;
    const text = `return {KEYS[1], ARGV[1], redis.call("INCR", KEYS[1])} -- ${crypto.randomUUID()}`;
    const script = redis.createScript<unknown[]>(text);
    const before = server.requests;
    const [name, arg] = await script.exec([key], ["7 up"]);
    assertEquals([name, arg, server.requests - before], [key, "7 up", 2]);
    await script.exec([key], ["7 up"]);
    assertEquals(server.requests - before, 3);
  }
});

Deno.test("@upstash/redis shows the gateway's error for a command", async () => {
  await using server = await redisGateway();
  for (const [, redis] of clients(server)) {
    const blocked = redis.exec(["BLPOP", server.namespace, 0] as never);
    await assertRejects(() => blocked, Error, "ERR Command is not available: 'BLPOP'");
  }
});

Deno.test("@upstash/redis is refused with a wrong token", async () => {
  await using server = await redisGateway();
  const redis = new Redis({ url: server.url, token: "wrong", ...PLAIN });
  await assertRejects(() => redis.ping(), Error, "WRONGPASS invalid or missing auth token");
});

Deno.test("@upstash/redis shares requests and connection between 500 calls at once", async () => {
  await using server = await redisGateway();
  for (const [, redis] of clients(server)) {
    const key = `${server.namespace}:${crypto.randomUUID()}`;
    const counts = await Promise.all(Array.from({ length: 500 }, () => redis.incr(key)));
    assertEquals(counts.toSorted((a, b) => a - b), counts.map((_, index) => index + 1));
  }
});
