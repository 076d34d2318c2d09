import { assertEquals, assertMatch } from "@std/assert";
import { redisGateway } from "../support/redis_gateway.ts";
import { BASE64, call } from "./call.ts";

const WRONGTYPE = "WRONGTYPE Operation against a key holding the wrong kind of value";

for (const path of ["/pipeline", "/multi-exec"]) {
  Deno.test(`POST ${path} answers each command in order, errors in their place`, async () => {
    await using server = await redisGateway();
    const key = server.namespace;
    const commands = [["SET", key, "a"], ["LPUSH", key, "b"], ["GET", key], ["STRLEN", key]];
    const { status, json } = await call(server, path, commands);
    const expected = [{ result: "OK" }, { error: WRONGTYPE }, { result: "a" }, { result: 1 }];
    assertEquals([status, json], [200, expected]);
    assertEquals((await call(server, path, commands, BASE64)).json, [
      { result: "OK" },
      { error: WRONGTYPE },
      { result: "YQ==" },
      { result: 1 },
    ]);
  });

  Deno.test(`POST ${path} answers 400 to what is no array of commands`, async () => {
    await using server = await redisGateway();
    for (const body of ["", "{", "[]", "{}", '["PING"]', '[["PING"],"PING"]', "[[1]]"]) {
      const { status, json } = await call(server, path, body);
      assertEquals([body, status], [body, 400]);
      assertMatch(
        (json as { error: string }).error,
        /^ERR (failed to parse|empty) pipeline request/,
      );
    }
  });

  Deno.test(`POST ${path} keeps all digits of a number`, async () => {
    await using server = await redisGateway();
    const { json } = await call(server, path, '[["ECHO","a"],["ECHO",9007199254740993]]');
    assertEquals(json, [{ result: "a" }, { result: "9007199254740993" }]);
  });
}

Deno.test("POST /pipeline answers an empty command in its place", async () => {
  await using server = await redisGateway();
  const { json } = await call(server, "/pipeline", [[], ["PING"]]);
  assertEquals(json, [{ error: "ERR empty pipeline command" }, { result: "PONG" }]);
  assertEquals((await call(server, "/multi-exec", [[], ["PING"]])).status, 400);
});

Deno.test("POST /multi-exec runs nothing when one command is malformed", async () => {
  await using server = await redisGateway();
  const key = server.namespace;
  const { status, json } = await call(server, "/multi-exec", [["SET", key, 1], ["SET", key]]);
  assertEquals([status, json], [400, {
    error: "EXECABORT Transaction discarded because of: " +
      "ERR wrong number of arguments for 'set' command",
  }]);
  assertEquals(await server.redis.exists(key), 0);
  // The connection that all share is out of the transaction again.
  assertEquals((await call(server, "/", ["PING"])).json, { result: "PONG" });
});

Deno.test("POST /multi-exec runs nothing when one command is refused", async () => {
  await using server = await redisGateway();
  const key = server.namespace;
  const { status } = await call(server, "/multi-exec", [["SET", key, 1], ["BLPOP", key, 0]]);
  assertEquals(status, 400);
  assertEquals(await server.redis.exists(key), 0);
});

Deno.test("POST /multi-exec lets no other command come between", async () => {
  await using server = await redisGateway();
  const key = server.namespace;
  const increments = Array.from({ length: 500 }, () => ["INCR", key]);
  const transactions = Array.from({ length: 5 }, () => call(server, "/multi-exec", increments));
  const others = [
    ...Array.from({ length: 200 }, () => call(server, "/", ["INCR", key])),
    ...Array.from({ length: 200 }, () => server.redis.incr(key)),
  ];
  for (const { json } of await Promise.all(transactions)) {
    const counts = (json as { result: number }[]).map(({ result }) => result);
    assertEquals(counts, counts.map((_, index) => counts[0]! + index));
  }
  await Promise.all(others);
  assertEquals(await server.redis.get(key), "2900");
});
