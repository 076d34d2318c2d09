import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { ScriptShebangs } from "../../src/gateway/shebang.ts";
import { redisGateway } from "../support/redis_gateway.ts";
import { call } from "./call.ts";

const sha1 = (text: string) => createHash("sha1").update(text).digest("hex");
const translated = (name: string, ...args: string[]) =>
  new ScriptShebangs().translate({ name, args }).args;

const scripts: [string, string][] = [
  ["#!lua flags=allow-key-locking\nreturn 1", "\nreturn 1"],
  ["#!lua flags=no-writes,allow-key-locking\nreturn 1", "#!lua flags=no-writes\nreturn 1"],
  ["#!lua flags=allow-key-locking,no-writes\nreturn 1", "#!lua flags=no-writes\nreturn 1"],
  ["#!lua flags=no-writes\nreturn 1", "#!lua flags=no-writes\nreturn 1"],
  ["#!lua\nreturn 1", "#!lua\nreturn 1"],
  ["return '#!lua flags=allow-key-locking'", "return '#!lua flags=allow-key-locking'"],
  ["", ""],
];

for (const [script, sent] of scripts) {
  Deno.test(`ScriptShebangs.translate() turns ${JSON.stringify(script)} into what Redis knows`, () => {
    assertEquals(translated("EVAL", script, "0"), [sent, "0"]);
    assertEquals(translated("SCRIPT", "load", script), ["load", sent]);
  });
}

Deno.test("ScriptShebangs.translate() leaves commands without a script alone", () => {
  assertEquals(translated("EVAL"), []);
  assertEquals(translated("SCRIPT", "EXISTS", "a"), ["EXISTS", "a"]);
  assertEquals(translated("SET", "#!lua flags=allow-key-locking", "a")[1], "a");
});

Deno.test("POST / runs a script that has Upstash's flag, and finds it by its hash", async () => {
  await using server = await redisGateway();
  const key = server.namespace;
  const script = `#!lua flags=allow-key-locking\nreturn redis.call("INCR", KEYS[1]) -- ${key}`;
  const byHash = ["EVALSHA", sha1(script).toUpperCase(), 1, key];
  assertEquals((await call(server, "/", byHash)).status, 400);
  assertEquals((await call(server, "/", ["EVAL", script, 1, key])).json, { result: 1 });
  assertEquals((await call(server, "/", byHash)).json, { result: 2 });
  const batch = [byHash, ["EVAL", script, 1, key]];
  assertEquals((await call(server, "/pipeline", batch)).json, [{ result: 3 }, { result: 4 }]);
  assertEquals((await call(server, "/multi-exec", batch)).json, [{ result: 5 }, { result: 6 }]);
});
