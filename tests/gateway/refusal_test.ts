import { assertEquals, assertStringIncludes } from "@std/assert";
import { refusal } from "../../src/gateway/commands.ts";
import { redisGateway } from "../support/redis_gateway.ts";
import { call } from "./call.ts";

const refused: [string, string[]][] = [
  ["BLPOP", ["a", "0"]],
  ["BZPOPMIN", ["a", "0"]],
  ["BLMOVE", ["a", "b", "LEFT", "LEFT", "0"]],
  ["WAIT", ["1", "0"]],
  ["XREAD", ["COUNT", "1", "block", "0", "STREAMS", "a", "0"]],
  ["XREADGROUP", ["GROUP", "g", "c", "BLOCK", "0", "STREAMS", "a", ">"]],
  ["XREADGROUP", ["GROUP", "streams", "c", "BLOCK", "0", "STREAMS", "a", ">"]],
  ["AUTH", ["a"]],
  ["SELECT", ["1"]],
  ["CLIENT", ["KILL", "ID", "1"]],
  ["MULTI", []],
  ["WATCH", ["a"]],
  ["SUBSCRIBE", ["a"]],
  ["MONITOR", []],
  ["SCRIPT", ["debug", "YES"]],
  ["CONFIG", ["SET", "dir", "/tmp"]],
  ["CONFIG", ["SET", "notify-keyspace-events", "KEA", "dir", "/tmp"]],
  ["CONFIG", ["GET", "requirepass"]],
  ["DEBUG", ["SLEEP", "10"]],
  ["SHUTDOWN", []],
  ["SWAPDB", ["0", "1"]],
  ["REPLICAOF", ["host", "1"]],
];

const passed: [string, string[]][] = [
  ["GET", ["a"]],
  ["PING", []],
  ["XREAD", ["COUNT", "1", "STREAMS", "block", "0"]],
  ["SCRIPT", ["LOAD", "return 1"]],
  ["CONFIG", ["SET", "notify-keyspace-events", "KEA"]],
];

for (const [name, args] of refused) {
  Deno.test(`refusal() refuses ${name} ${args.join(" ")}`, () => {
    assertStringIncludes(refusal({ name, args }) ?? "", `ERR Command is not available: '${name}`);
  });
}

for (const [name, args] of passed) {
  Deno.test(`refusal() lets ${name} ${args.join(" ")} pass`, () => {
    assertEquals(refusal({ name, args }), undefined);
  });
}

Deno.test("POST / answers 400 to a refused command, in any case of its name", async () => {
  await using server = await redisGateway();
  const { status, json } = await call(server, "/", ["blPop", "a", 0]);
  assertEquals([status, json], [400, {
    error: "ERR Command is not available: 'BLPOP' blocks the connection that all requests share",
  }]);
});

Deno.test("POST /pipeline answers a refused command in its place", async () => {
  await using server = await redisGateway();
  const { status, json } = await call(server, "/pipeline", [["PING"], ["SELECT", 1], ["ECHO", 1]]);
  assertEquals([status, json], [200, [
    { result: "PONG" },
    {
      error: "ERR Command is not available: 'SELECT' " +
        "changes the state of the connection that all requests share",
    },
    { result: "1" },
  ]]);
});

Deno.test("refusal() knows each command of this Redis that needs a connection of its own", async () => {
  await using server = await redisGateway();
  const unsafe = /^(blocking|admin|pubsub)$/;
  const safe = ["PUBLISH", "SPUBLISH", "PUBSUB", "XREAD", "XREADGROUP"];
  const connection = ["AUTH", "HELLO", "SELECT", "RESET", "QUIT", "CLIENT", "ASKING", "READONLY"];
  const commands = await server.redis.call("COMMAND") as [string, number, string[]][];
  const flagged = commands.filter(([, , flags]) => flags.some((flag) => unsafe.test(flag)));
  const names = [...flagged.map(([name]) => name.toUpperCase()), ...connection];
  assertEquals(names.length > 30, true);
  const passed = names.filter((name) => refusal({ name, args: ["a"] }) === undefined);
  assertEquals(passed.filter((name) => !safe.includes(name)), []);
});
