import { assertEquals, assertMatch } from "@std/assert";
import { Redis } from "@upstash/redis";
import { type RedisGateway, redisGateway } from "../support/redis_gateway.ts";
import { startRedisServer } from "../support/redis_server.ts";
import { call } from "./call.ts";

const KILL = ["SCRIPT", "KILL"];
const ENDLESS = ["EVAL", "while true do end", 0];

/** Resolves when Redis says that it is busy; by then it hears of nothing but the end of the script. */
async function untilBusy({ redis }: RedisGateway): Promise<void> {
  for (;;) {
    const answer = await redis.ping().catch((error: Error) => error.message);
    if (answer.startsWith("BUSY")) return;
  }
}

const WAYS: Readonly<Record<string, (server: RedisGateway) => Promise<string>>> = {
  "POST /": async (server) => (await call(server, "/", KILL)).text,
  "/script/kill": async (server) => (await call(server, "/script/kill", "")).text,
  "POST /pipeline": async (server) => (await call(server, "/pipeline", [KILL])).text.slice(1, -1),
  "@upstash/redis": async ({ url, token }) =>
    JSON.stringify({ result: await new Redis({ url, token }).exec(["SCRIPT", "KILL"]) }),
};

for (const [name, kill] of Object.entries(WAYS)) {
  Deno.test(`SCRIPT KILL by ${name} ends a script that holds up the shared connection`, async () => {
    await using own = await startRedisServer({ config: { "busy-reply-threshold": "20" } });
    await using server = await redisGateway({ redis: own.url, connections: 1 });
    // The gateway has asked what it must know; the script is behind that on its one connection.
    await call(server, "/", ["PING"]);
    const running = call(server, "/", ENDLESS);
    await untilBusy(server);
    assertEquals(await kill(server), '{"result":"OK"}');
    const { status, text } = await running;
    assertEquals(status, 400);
    assertMatch(text, /Script killed by user/);
    assertEquals((await call(server, "/", ["PING"])).json, { result: "PONG" });
  });
}

Deno.test("SCRIPT KILL is told that no script runs", async () => {
  await using server = await redisGateway();
  const { status, text } = await call(server, "/", KILL);
  assertEquals(status, 400);
  assertMatch(text, /^{"error":"NOTBUSY /);
  const list = await call(server, "/pipeline", [KILL]);
  assertEquals(list.status, 200);
  assertMatch(list.text, /^\[{"error":"NOTBUSY /);
});

Deno.test("SCRIPT KILL is not for a read-only token", async () => {
  await using server = await redisGateway({ readOnlyToken: "for-readers" });
  const { status, text } = await call(server, "/", KILL, { authorization: "Bearer for-readers" });
  assertEquals(status, 400);
  assertMatch(text, /^{"error":"NOPERM /);
});
