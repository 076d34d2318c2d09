import { assert, assertEquals, assertRejects } from "@std/assert";
import { Redis } from "ioredis";
import { type RedisServer, startRedisServer } from "./redis_server.ts";

async function ask(server: RedisServer, ...command: string[]): Promise<unknown> {
  const redis = new Redis(server.url, { lazyConnect: true, retryStrategy: () => null });
  // It is told by the call; without a listener it would be printed too.
  redis.on("error", () => {});
  await redis.connect();
  const reply = await redis.call(...command as [string]);
  await redis.quit();
  return reply;
}

Deno.test("startRedisServer() starts one without persistence, on a port of its own", async () => {
  await using one = await startRedisServer();
  await using other = await startRedisServer();
  assert(one.port !== other.port);
  assertEquals(await ask(one, "CONFIG", "GET", "save"), ["save", ""]);
  assertEquals(await ask(one, "CONFIG", "GET", "appendonly"), ["appendonly", "no"]);
});

Deno.test("startRedisServer() passes settings on", async () => {
  await using server = await startRedisServer({ config: { maxmemory: "2mb" } });
  assertEquals(await ask(server, "CONFIG", "GET", "maxmemory"), ["maxmemory", "2097152"]);
});

Deno.test("startRedisServer() shows the log of one that does not start", async () => {
  const start = () => startRedisServer({ config: { maxmemory: "a lot" } });
  await assertRejects(start, Error, "Cannot start redis-server");
});

Deno.test("RedisServer.restart() brings an append-only file back after a crash", async () => {
  const config = { appendonly: "yes", appendfsync: "always" };
  await using server = await startRedisServer({ config });
  const { port, pid } = server;
  await ask(server, "SET", "a", "1");
  await server.kill();
  await assertRejects(() => ask(server, "PING"));
  await server.restart();
  assertEquals(await ask(server, "GET", "a"), "1");
  assertEquals([server.port, server.pid === pid], [port, false]);
});

Deno.test("RedisServer.stop() may be called twice, and after kill()", async () => {
  const server = await startRedisServer();
  await server.kill();
  await server.stop();
  await server.stop();
});
