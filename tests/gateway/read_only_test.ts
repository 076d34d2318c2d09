import { assertEquals, assertThrows } from "@std/assert";
import { gateway } from "@dabba/queue/gateway";
import { redisGateway } from "../support/redis_gateway.ts";
import { call } from "./call.ts";

const READER = { authorization: "Bearer only-reads" };
const open = () => redisGateway({ readOnlyToken: "only-reads" });
const denied = (name: string) => ({
  error: `NOPERM this user has no permissions to run the '${name}' command`,
});

Deno.test("gateway() refuses a read-only token that is empty or the same", () => {
  const redis = "redis://127.0.0.1:1";
  for (const readOnlyToken of ["", "t"]) {
    assertThrows(() => gateway({ redis, token: "t", readOnlyToken }), TypeError, "readOnlyToken");
  }
});

Deno.test("A read-only token runs what changes nothing", async () => {
  await using server = await open();
  const key = server.namespace;
  await call(server, "/", ["SET", key, "v"]);
  const reads: [unknown[], unknown][] = [
    [["get", key], "v"],
    [["EXISTS", key], 1],
    [["OBJECT", "ENCODING", key], "embstr"],
    [["PING"], "PONG"],
    [["ECHO", "a"], "a"],
    [["EVAL_RO", "return redis.call('GET', KEYS[1])", 1, key], "v"],
    [["XINFO", "HELP"], undefined],
  ];
  for (const [command, result] of reads) {
    const { status, json } = await call(server, "/", command, READER);
    if (result === undefined) assertEquals([command, status], [command, 400]);
    else assertEquals([command, json], [command, { result }]);
  }
});

const writes: unknown[][] = [
  ["SET", "a", "b"],
  ["del", "a"],
  ["GETEX", "a", "EX", 1],
  ["GETDEL", "a"],
  ["SORT", "a", "STORE", "b"],
  ["EVAL", "return 1", 0],
  ["SCRIPT", "FLUSH"],
  ["XGROUP", "CREATE", "a", "g", "$"],
  ["PUBLISH", "a", "b"],
  ["FLUSHALL"],
  ["KEYS", "*"],
  ["SCAN", "0"],
  ["INFO"],
  ["NOSUCH"],
];

for (const command of writes) {
  Deno.test(`A read-only token is refused ${command.join(" ")}`, async () => {
    await using server = await open();
    const { status, json } = await call(server, "/", command, READER);
    assertEquals([status, json], [400, denied(String(command[0]).toLowerCase())]);
  });
}

Deno.test("A read-only token is refused in its place of a pipeline, and for a transaction", async () => {
  await using server = await open();
  const key = server.namespace;
  const batch = [["GET", key], ["SET", key, "v"], ["PING"]];
  const piped = await call(server, "/pipeline", batch, READER);
  assertEquals([piped.status, piped.json], [200, [
    { result: null },
    denied("set"),
    { result: "PONG" },
  ]]);
  const transaction = await call(server, "/multi-exec", batch, READER);
  assertEquals([transaction.status, transaction.json], [400, denied("set")]);
  assertEquals((await call(server, "/", ["GET", key])).json, { result: null });
});

Deno.test("A read-only token works in a query, and a wrong one nowhere", async () => {
  await using server = await open();
  const ask = async (path: string) => (await fetch(server.url + path)).json();
  assertEquals(await ask(`/get/${server.namespace}?_token=only-reads`), { result: null });
  assertEquals(await ask(`/del/${server.namespace}?_token=only-reads`), denied("del"));
  assertEquals(await ask(`/get/a?_token=only-read`), {
    error: "WRONGPASS invalid or missing auth token",
  });
});
