import { Buffer } from "node:buffer";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { redisGateway } from "../support/redis_gateway.ts";
import { BASE64, call } from "./call.ts";

Deno.test("POST / answers strings, integers, nulls, empty strings and nested arrays", async () => {
  await using server = await redisGateway();
  const key = server.namespace;
  const results: [unknown[], unknown][] = [
    [["SET", key, ""], "OK"],
    [["GET", key], ""],
    [["GET", `${key}:none`], null],
    [["set", key, 'héllo ✓ \u0000 " \\ \ud83d\ude00'], "OK"],
    [["GET", key], 'héllo ✓ \u0000 " \\ \ud83d\ude00'],
    [["STRLEN", key], 21],
    [["EVAL", "return {1, 'a', {}, false, {'b', {2}}}", 0], [1, "a", [], null, ["b", [2]]]],
    [["DEL", key], 1],
    [["LRANGE", key, 0, -1], []],
    [["HSET", `${key}:h`, "a", 1, "b", true], 2],
    [["HGETALL", `${key}:h`], ["a", "1", "b", "true"]],
  ];
  for (const [command, result] of results) {
    assertEquals((await call(server, "/", command)).json, { result });
  }
});

Deno.test("POST / keeps all digits of an integer, both ways", async () => {
  await using server = await redisGateway();
  const key = server.namespace;
  await call(server, "/", `["SET","${key}",9223372036854775806]`);
  assertEquals((await call(server, "/", ["INCR", key])).text, '{"result":9223372036854775807}');
  await call(server, "/", `["RPUSH","${key}:l",1.10,1e3,-0,12345678901234567890]`);
  const { json } = await call(server, "/", ["LRANGE", `${key}:l`, 0, -1]);
  assertEquals(json, { result: ["1.10", "1e3", "-0", "12345678901234567890"] });
});

Deno.test("POST / encodes every string but OK in base64 when asked", async () => {
  await using server = await redisGateway();
  const key = server.namespace;
  const answer = async (...command: unknown[]) => (await call(server, "/", command, BASE64)).json;
  assertEquals(await answer("SET", key, "héllo"), { result: "OK" });
  assertEquals(await answer("GET", key), { result: "aMOpbGxv" });
  assertEquals(await answer("PING"), { result: "UE9ORw==" });
  assertEquals(await answer("GET", `${key}:none`), { result: null });
  assertEquals(await answer("STRLEN", key), { result: 6 });
  assertEquals(await answer("EVAL", "return {'a', {'', 7}}", 0), { result: ["YQ==", ["", 7]] });
});

Deno.test("POST / carries bytes that are not text", async () => {
  await using server = await redisGateway();
  const key = server.namespace;
  await server.redis.set(key, Buffer.from([0xff, 0x00, 0xfe, 0x41]));
  const binary = await call(server, "/", ["GET", key], BASE64);
  assertEquals(binary.json, { result: "/wD+QQ==" });
  const text = await call(server, "/", ["GET", key]);
  assertEquals(text.json, { result: "\ufffd\u0000\ufffdA" });
});

Deno.test("POST / keeps a byte order mark, which is data here", async () => {
  await using server = await redisGateway();
  await call(server, "/", ["SET", server.namespace, "\ufeffa"]);
  assertEquals((await call(server, "/", ["GET", server.namespace])).json, { result: "\ufeffa" });
});

/** Long enough to come in many pieces, which end within characters. */
const LONG: Readonly<Record<string, string>> = {
  "one byte": 'a"\\\n'.repeat(100_000),
  "many bytes": 'aé✓😀"'.repeat(50_000),
};

for (const [what, text] of Object.entries(LONG)) {
  Deno.test(`a gateway answers long values of characters of ${what}, alone and in lists`, async () => {
    await using server = await redisGateway();
    const key = server.namespace;
    await call(server, "/", ["RPUSH", key, text, "short", text]);
    const list = { result: [text, "short", text] };
    const range = ["LRANGE", key, 0, -1];
    assertEquals((await call(server, "/", range)).json, list);
    for (const path of ["/pipeline", "/multi-exec"]) {
      const { json } = await call(server, path, [range, ["LLEN", key], ["LINDEX", key, 2]]);
      assertEquals(json, [list, { result: 3 }, { result: text }]);
    }
    const { json } = await call(server, "/", ["LINDEX", key, 0], BASE64);
    assertEquals(json, { result: Buffer.from(text).toString("base64") });
  });
}

Deno.test("POST / answers an error of Redis with 400, never in base64", async () => {
  await using server = await redisGateway();
  const key = server.namespace;
  await call(server, "/", ["SET", key, "text"]);
  for (const headers of [{}, BASE64]) {
    const wrong = await call(server, "/", ["LPUSH", key, "a"], headers);
    assertEquals([wrong.status, wrong.json], [400, {
      error: "WRONGTYPE Operation against a key holding the wrong kind of value",
    }]);
  }
  const unknown = await call(server, "/", ["NOSUCH", "a"]);
  assertEquals(unknown.status, 400);
  assertStringIncludes(unknown.text, "ERR unknown command 'NOSUCH'");
  assertMatch((await call(server, "/", ["EVALSHA", "0".repeat(40), 0])).text, /NOSCRIPT/);
});

const malformed: [string, string][] = [
  ["nothing", ""],
  ["no JSON", "{"],
  ["an object", '{"a":1}'],
  ["an empty array", "[]"],
  ["a name that is no text", "[1]"],
  ["an empty name", '[""]'],
  ["a pipeline", '[["PING"]]'],
  ["a null argument", '["SET","a",null]'],
  ["an array argument", '["SET","a",[1]]'],
  ["an object argument", '["SET","a",{"b":1}]'],
  ["what is nested 200,000 levels deep", `["SET","a",${"[".repeat(2e5)}${"]".repeat(2e5)}]`],
  ["the same beside a number", `["SET",1.5,${"[".repeat(2e5)}${"]".repeat(2e5)}]`],
];

for (const [name, body] of malformed) {
  Deno.test(`POST / answers 400 to ${name}`, async () => {
    await using server = await redisGateway();
    const { status, json } = await call(server, "/", body);
    assertEquals(status, 400);
    assertMatch((json as { error: string }).error, /^ERR (failed to parse|empty command)/);
  });
}

for (const method of ["DELETE", "PATCH", "OPTIONS"]) {
  Deno.test(`Gateway.fetch() answers 405 to ${method}, and says what to use`, async () => {
    await using server = await redisGateway();
    const headers = { authorization: `Bearer ${server.token}` };
    const response = await fetch(`${server.url}/get/a`, { method, headers });
    assertEquals([response.status, await response.json()], [405, {
      error: `ERR method ${method} is not supported, use HEAD, GET, POST, PUT`,
    }]);
    assertEquals(response.headers.get("allow"), "HEAD, GET, POST, PUT");
  });
}

Deno.test("Gateway.fetch() takes a route with a query or a slash at its end", async () => {
  await using server = await redisGateway();
  for (const path of ["/", "/?a=/b", "/pipeline/", "/pipeline?a"]) {
    const body = path.startsWith("/pipeline") ? [["PING"]] : ["PING"];
    assertEquals((await call(server, path, body)).status, 200);
  }
});

Deno.test("Gateway.fetch() gives a new sync token with each answer", async () => {
  await using server = await redisGateway();
  const tokens = new Set<string>();
  for (let i = 0; i < 3; i++) {
    const response = await fetch(`${server.url}/ping`, {
      headers: {
        authorization: `Bearer ${server.token}`,
        "upstash-sync-token": [...tokens].join(),
      },
    });
    assertEquals(await response.json(), { result: "PONG" });
    tokens.add(response.headers.get("upstash-sync-token") ?? "");
  }
  assertEquals([tokens.size, tokens.has("")], [3, false]);
});

Deno.test("Gateway.fetch() answers 413 to a body over the limit, declared or not", async () => {
  await using server = await redisGateway({ maxBodyBytes: 100 });
  const key = server.namespace;
  const fitting = JSON.stringify(["SET", key, "x".repeat(60)]).padEnd(100);
  assertEquals((await call(server, "/", fitting)).json, { result: "OK" });
  const declared = await call(server, "/", `${fitting} `);
  assertEquals([declared.status, declared.json], [413, {
    error: "ERR max request size exceeded. Limit: 100 bytes, Actual: 101 bytes",
  }]);
  const chunked = await call(server, "/", new Blob([fitting, " "]).stream());
  assertEquals([chunked.status, chunked.json], [413, {
    error: "ERR max request size exceeded. Limit: 100 bytes",
  }]);
  assertEquals((await call(server, "/", new Blob([fitting]).stream())).json, { result: "OK" });
});

Deno.test("Gateway.fetch() reads a character that two chunks share", async () => {
  await using server = await redisGateway();
  const bytes = new TextEncoder().encode(JSON.stringify(["ECHO", "é"]));
  const body = new ReadableStream({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  assertEquals((await call(server, "/", body)).json, { result: "é" });
});
