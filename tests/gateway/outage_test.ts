import { assertEquals, assertMatch } from "@std/assert";
import { Connection } from "../../src/gateway/connection.ts";
import { Pool } from "../../src/gateway/pool.ts";
import { replyOf } from "../../src/gateway/reply.ts";
import { redisGateway } from "../support/redis_gateway.ts";
import { startRedisServer } from "../support/redis_server.ts";
import { call } from "./call.ts";

/** Long enough for any machine: what a test waits for comes long before. */
const PATIENT = { connectTimeout: 60_000, commandTimeout: 60_000 };

const REQUESTS = [
  ["/", ["INCR", "a"]],
  ["/pipeline", [["INCR", "a"], ["PING"]]],
  ["/multi-exec", [["INCR", "a"]]],
] as const;

Deno.test("Gateway.fetch() has requests wait for a Redis that restarts", async () => {
  await using own = await startRedisServer({
    config: { appendonly: "yes", appendfsync: "always" },
  });
  await using server = await redisGateway({ redis: own.url, ...PATIENT });
  await call(server, "/", ["SET", "a", 1]);
  await own.kill();
  const pending = REQUESTS.map(([path, body]) => call(server, path, body));
  await own.restart();
  assertEquals((await Promise.all(pending)).map(({ status }) => status), [200, 200, 200]);
  assertEquals((await call(server, "/", ["GET", "a"])).json, { result: "4" });
});

for (const [path, body] of REQUESTS) {
  Deno.test(`POST ${path} answers 504 when Redis hangs, and works when it is back`, async () => {
    await using own = await startRedisServer();
    const timeouts = { commandTimeout: 200, connectTimeout: 200 };
    await using server = await redisGateway({ redis: own.url, ...timeouts });
    await call(server, "/", ["PING"]);
    Deno.kill(own.pid!, "SIGSTOP");
    const silent = await call(server, path, body);
    const unreached = await call(server, path, body);
    Deno.kill(own.pid!, "SIGCONT");
    assertEquals([silent.status, silent.json], [504, {
      error: "ERR Redis has not answered for 200 ms: the command may have run",
    }]);
    assertEquals([unreached.status, unreached.json], [503, {
      error: "ERR cannot reach Redis, the command was not sent: no answer within 200 ms",
    }]);
    assertEquals((await call(server, "/", ["PING"])).json, { result: "PONG" });
  });
}

Deno.test("Gateway.fetch() survives a reply that is nested too deeply to be read", async () => {
  await using server = await redisGateway();
  const script = `
    local nested = {}
    for i = 1, tonumber(ARGV[1]) do nested = {nested} end
    return nested`;
  for (const levels of [100, 5_000, 20_000]) {
    const alone = await call(server, "/", ["EVAL", script, 0, levels]);
    const beside = await call(server, "/pipeline", [["PING"], ["EVAL", script, 0, levels]]);
    if (levels === 100) assertEquals(alone.text, `{"result":${"[".repeat(101)}${"]".repeat(101)}}`);
    else assertMatch(alone.text + beside.text, /nested too deeply.*nested too deeply/);
  }
  assertEquals((await call(server, "/", ["PING"])).json, { result: "PONG" });
});

Deno.test("Pool.pick() goes around a connection that is held up", async () => {
  await using server = await redisGateway();
  const options = { url: `redis://127.0.0.1:${server.redisPort}`, ...PATIENT };
  const pool = new Pool(() => new Connection(options), { size: 2, heldUpAfterMs: 0 });
  const first = pool.pick();
  await first.ready();
  assertEquals(pool.pick() === first, true);
  const held = first.send({ name: "BLPOP", args: [server.namespace, "0"] }, replyOf);
  assertEquals(pool.pick() === first, false);
  await pool.send({ name: "LPUSH", args: [server.namespace, "a"] });
  await held;
  assertEquals(pool.pick() === first, true);
  await pool.close();
});
