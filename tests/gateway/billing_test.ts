import { assertEquals, assertMatch } from "@std/assert";
import { gateway } from "@dabba/queue/gateway";
import { Redis } from "ioredis";
import { startRedisServer } from "../support/redis_server.ts";

async function open() {
  const redis = await startRedisServer();
  const face = gateway({ redis: redis.url, token: "t", readOnlyToken: "r" });
  const ask = async (path: string, method = "GET", body?: unknown, token = "t") => {
    const init = { method, headers: { authorization: `Bearer ${token}` } };
    const response = await face.fetch(
      new Request(`http://gateway${path}`, {
        ...init,
        ...(body ? { body: JSON.stringify(body) } : {}),
      }),
    );
    return { status: response.status, json: await response.json() };
  };
  const close = async () => {
    await face.close();
    await redis[Symbol.asyncDispose]();
  };
  return { redis, face, ask, [Symbol.asyncDispose]: close };
}

Deno.test("Gateway.billing() counts commands, and those inside of scripts", async () => {
  await using rig = await open();
  await rig.ask("/set/a/1");
  await rig.ask("/pipeline", "POST", [["GET", "a"], ["INCR", "a"]]);
  await rig.ask("/multi-exec", "POST", [["GET", "a"], ["INCR", "a"]]);
  const script =
    'for i = 1, 3 do redis.call("INCR", KEYS[1]) end return redis.pcall("LPUSH", KEYS[1])';
  await rig.ask("/", "POST", ["EVAL", script, 1, "a"]);
  await rig.ask("/", "POST", ["EVAL", `#!lua flags=allow-key-locking\n${script}`, 1, "a"]);
  const { commands, byCommand, since } = await rig.face.billing();
  assertEquals(byCommand, { set: 1, get: 2, incr: 8, eval: 2 });
  assertEquals(commands, 13);
  assertMatch(since, /^\d{4}-\d\d-\d\dT/);
});

Deno.test("GET /billing shows the count, DELETE begins anew", async () => {
  await using rig = await open();
  assertEquals((await rig.ask("/billing")).json.result.commands, 0);
  await rig.ask("/set/a/1");
  assertEquals((await rig.ask("/billing")).json.result.byCommand, { set: 1 });
  assertEquals((await rig.ask("/billing", "DELETE")).json.result.commands, 0);
  await rig.ask("/get/a");
  assertEquals((await rig.ask("/billing", "GET", undefined, "r")).json.result.byCommand, {
    get: 1,
  });
  assertEquals((await rig.ask("/billing", "DELETE", undefined, "r")).status, 400);
  assertEquals((await rig.ask("/billing", "GET", undefined, "x")).status, 401);
});

Deno.test("Gateway.billing() leaves out what was run before, counts other clients, and survives a reset", async () => {
  await using rig = await open();
  const other = new Redis(rig.redis.url);
  await other.set("before", "1");
  await rig.ask("/ping");
  assertEquals((await rig.face.billing()).byCommand, { ping: 1 });
  await other.get("before");
  assertEquals((await rig.face.billing()).byCommand, { ping: 1, get: 1 });
  await other.config("RESETSTAT");
  await rig.ask("/get/a");
  assertEquals((await rig.face.billing()).byCommand, { get: 1 });
  await other.quit();
});
