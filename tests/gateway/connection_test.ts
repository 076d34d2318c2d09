import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { gateway } from "@dabba/queue/gateway";
import { redisGateway } from "../support/redis_gateway.ts";
import { startRedisServer } from "../support/redis_server.ts";
import { call } from "./call.ts";
import { untilRedisHolds } from "./paused.ts";

Deno.test("Gateway.fetch() answers 503 while Redis is away, and works when it is back", async () => {
  await using own = await startRedisServer({
    config: { appendonly: "yes", appendfsync: "always" },
  });
  await using server = await redisGateway({ redis: own.url, connectTimeout: 100 });
  await call(server, "/", ["SET", "a", 1]);
  await own.kill();
  for (const [path, body] of [["/", ["GET", "a"]], ["/pipeline", [["GET", "a"]]]] as const) {
    const { status, text } = await call(server, path, body);
    assertEquals(status, 503);
    assertMatch(
      text,
      /^{"error":"ERR (cannot reach Redis, the command was not sent|lost the conn)/,
    );
  }
  await own.restart();
  assertEquals((await call(server, "/", ["GET", "a"])).json, { result: "1" });
});

for (
  const [path, body] of [
    ["/", ["SET", "a", 1]],
    ["/pipeline", [["GET", "a"], ["SET", "a", 1]]],
    ["/multi-exec", [["GET", "a"], ["SET", "a", 1]]],
  ] as const
) {
  Deno.test(`POST ${path} tells a command that may have run from one that was not sent`, async () => {
    await using own = await startRedisServer();
    await using server = await redisGateway({ redis: own.url, connectTimeout: 1_000 });
    await server.redis.client("PAUSE", 60_000, "WRITE");
    const pending = call(server, path, body);
    await untilRedisHolds(server, pending);
    await own.kill();
    const { status, json } = await pending;
    assertEquals([status, json], [503, {
      error: "ERR lost the connection to Redis before the reply: the command may have run",
    }]);
    const later = await call(server, path, body);
    assertEquals(later.status, 503);
    assertStringIncludes(later.text, "the command was not sent");
  });
}

function post(command: unknown[]): Request {
  return new Request("http://gateway/", {
    method: "POST",
    headers: { authorization: "Bearer t" },
    body: JSON.stringify(command),
  });
}

Deno.test("Gateway.fetch() says why Redis refuses it", async () => {
  await using own = await startRedisServer({ config: { requirepass: "sesame" } });
  const right = gateway({ redis: own.url.replace("//", "//:sesame@"), token: "t" });
  const wrong = gateway({ redis: own.url.replace("//", "//:wrong@"), token: "t" });
  assertEquals(await (await right.fetch(post(["PING"]))).json(), { result: "PONG" });
  const refused = await wrong.fetch(post(["PING"]));
  const text = await refused.text();
  assertEquals(refused.status, 503);
  assertMatch(text, /WRONGPASS|NOAUTH/);
  assertEquals(text.includes("wrong@"), false);
  await Promise.all([right.close(), wrong.close()]);
});

Deno.test("Gateway.close() waits for the reply to what was sent, and sends no more", async () => {
  await using own = await startRedisServer();
  await using server = await redisGateway({ redis: own.url });
  const closing = gateway({ redis: own.url, token: "t" });
  await server.redis.client("PAUSE", 60_000, "WRITE");
  const inFlight = closing.fetch(post(["SET", "a", 1]));
  await untilRedisHolds(server, inFlight);
  const closed = closing.close();
  const late = await closing.fetch(post(["PING"]));
  await server.redis.client("UNPAUSE");
  assertEquals(await (await inFlight).json(), { result: "OK" });
  assertEquals([late.status, await late.json()], [503, { error: "ERR the gateway is closed" }]);
  await closed;
});

Deno.test("Gateway.close() ends at once when it never connected, or lost Redis", async () => {
  const idle = gateway({ redis: "redis://127.0.0.1:1", token: "t" });
  await idle.close();
  await using own = await startRedisServer();
  const server = await redisGateway({ redis: own.url, connectTimeout: 100 });
  await call(server, "/", ["PING"]);
  await own.kill();
  await call(server, "/", ["PING"]);
  await server.close();
});
