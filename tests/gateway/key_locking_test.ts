import { createHash } from "node:crypto";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type RedisGateway, redisGateway } from "../support/redis_gateway.ts";
import { call } from "./call.ts";

const FLAG = "#!lua flags=allow-key-locking\n";
const sha1 = (text: string) => createHash("sha1").update(text).digest("hex");
const undeclared = (key: string) =>
  `ERR Dynamic keys are not allowed in Lua scripts when 'allow-key-locking' flag is set. ` +
  `Key was: ${key}`;

async function run(server: RedisGateway, code: string, keys: string[] = [], args: string[] = []) {
  const { json } = await call(server, "/", ["EVAL", FLAG + code, keys.length, ...keys, ...args]);
  return json as { result?: unknown; error?: string };
}

Deno.test("A script with key locking runs, and is found by its own hash", async () => {
  await using server = await redisGateway();
  const key = server.namespace;
  const script = `${FLAG}return redis.call("INCR", KEYS[1]) -- ${key}`;
  const byHash = ["EVALSHA", sha1(script).toUpperCase(), 1, key];
  assertMatch((await call(server, "/", byHash)).text, /NOSCRIPT/);
  assertEquals((await call(server, "/", ["EVAL", script, 1, key])).json, { result: 1 });
  assertEquals((await call(server, "/", byHash)).json, { result: 2 });
  const batch = [byHash, ["EVAL", script, 1, key]];
  assertEquals((await call(server, "/pipeline", batch)).json, [{ result: 3 }, { result: 4 }]);
  assertEquals((await call(server, "/multi-exec", batch)).json, [{ result: 5 }, { result: 6 }]);
});

Deno.test("SCRIPT LOAD and EXISTS know a script with key locking by its own hash", async () => {
  await using server = await redisGateway();
  const script = `${FLAG}return "${server.namespace}"`;
  const sha = sha1(script);
  const exists = ["SCRIPT", "EXISTS", sha, "0".repeat(40)];
  assertEquals((await call(server, "/", exists)).json, { result: [0, 0] });
  assertEquals((await call(server, "/", ["SCRIPT", "LOAD", script])).json, { result: sha });
  assertEquals((await call(server, "/", exists)).json, { result: [1, 0] });
  const load = [["script", "load", script]];
  assertEquals((await call(server, "/pipeline", load)).json, [{ result: sha }]);
  assertEquals((await call(server, "/multi-exec", load)).json, [{ result: sha }]);
  assertEquals((await call(server, "/", ["EVALSHA", sha, 0])).json, { result: server.namespace });
});

Deno.test("A script with key locking and another flag keeps the other", async () => {
  await using server = await redisGateway();
  const key = server.namespace;
  for (const flags of ["no-writes,allow-key-locking", "allow-key-locking,no-writes"]) {
    const shebang = `#!lua flags=${flags}\n`;
    const read = ["EVAL", `${shebang}return redis.call("GET", KEYS[1])`, 1, key];
    assertEquals((await call(server, "/", read)).json, { result: null });
    const write = ["EVAL", `${shebang}return redis.call("SET", KEYS[1], "v")`, 1, key];
    assertMatch((await call(server, "/", write)).text, /Write commands are not allowed/);
  }
});

Deno.test("A script without the flag is left alone", async () => {
  await using server = await redisGateway();
  const key = server.namespace;
  for (const shebang of ["", "#!lua\n", "#!lua flags=no-writes\n"]) {
    const script = `${shebang}return {redis.call("GET", "${key}"), KEYS[1]}`;
    const { json } = await call(server, "/", ["EVAL", script, 0]);
    assertEquals(json, { result: shebang === "" ? [null] : [null] });
    assertEquals((await call(server, "/", ["EVALSHA", sha1(script), 0])).status, 200);
  }
});

const refused: [code: string, key: string][] = [
  ['redis.call("GET", "other")', "other"],
  ['redis.call("get", KEYS[1] .. "x")', "ax"],
  ['redis.call("SET", "other", "v")', "other"],
  ['redis.call("MSET", KEYS[1], 1, "other", 2)', "other"],
  ['redis.call("DEL", KEYS[1], KEYS[2], "other")', "other"],
  ['redis.call("RENAME", KEYS[1], "other")', "other"],
  ['redis.call("ZUNIONSTORE", KEYS[1], 2, KEYS[2], "other")', "other"],
  ['redis.call("SORT", KEYS[1], "STORE", "other")', "other"],
  ['redis.call("XGROUP", "CREATE", "other", "g", "$")', "other"],
  ['redis.call(string.upper("s") .. "ET", "other", "v")', "other"],
  ['redis.call("INCR", 7)', "7"],
  ['(redis.call)("GET", "other")', "other"],
];

for (const [code, key] of refused) {
  Deno.test(`A script with key locking is refused ${code}`, async () => {
    await using server = await redisGateway();
    const { error } = await run(server, code, ["a", "b"]);
    assertStringIncludes(error ?? "", undeclared(key));
    // Nothing was written, and the script can say so itself.
    const caught = await run(
      server,
      code.replace(/^\(?redis.call/, "return $&").replace("call", "pcall"),
      ["a", "b"],
    );
    assertStringIncludes(caught.error ?? "", undeclared(key));
    assertEquals((await call(server, "/", ["EXISTS", "other", "7", "ax"])).json, { result: 0 });
  });
}

for (const name of ["FLUSHALL", "flushdb"]) {
  Deno.test(`A script with key locking is refused ${name}`, async () => {
    await using server = await redisGateway();
    const { error } = await run(server, `return redis.call("${name}")`);
    assertStringIncludes(error ?? "", `ERR ${name.toUpperCase()} is not allowed in Lua scripts`);
  });
}

const allowed: [code: string, result: unknown][] = [
  ['return redis.call("SET", KEYS[1], ARGV[1])', "OK"],
  ['return {redis.call("MGET", KEYS[1], KEYS[2])}', [[null, null]]],
  ['return redis.call("ZUNIONSTORE", KEYS[1], 1, KEYS[2])', 0],
  ['return type(redis.call("TIME")[1])', "string"],
  ['return redis.call("PING")', "PONG"],
  ['return redis.sha1hex("")', "da39a3ee5e6b4b0d3255bfef95601890afd80709"],
  ["return redis.status_reply('FINE')", "FINE"],
  ["redis.setresp(3) return redis.REPL_ALL", 3],
  ['return redis.pcall("NOSUCH").err ~= nil', 1],
  ['return redis.call("SET", KEYS[1], "1") and redis.call("INCRBY", KEYS[1], 4)', 5],
  ["return #KEYS .. #ARGV", "21"],
];

for (const [code, result] of allowed) {
  Deno.test(`A script with key locking may ${code}`, async () => {
    await using server = await redisGateway();
    const keys = [`${server.namespace}:1`, `${server.namespace}:2`];
    assertEquals(await run(server, code, keys, ["v"]), { result });
  });
}

Deno.test("Errors of a script with key locking name its own lines", async () => {
  await using server = await redisGateway();
  const { error } = await run(server, "local a = 1\nlocal b = nil\nreturn b.c");
  assertStringIncludes(error ?? "", "user_script:4:");
  const wrong = await run(
    server,
    'redis.call("SET", KEYS[1], "v")\nreturn redis.call("LPUSH", KEYS[1], 1)',
    [
      server.namespace,
    ],
  );
  assertMatch(wrong.error ?? "", /^WRONGTYPE Operation against a key/);
});
