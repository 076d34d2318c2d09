import { assertEquals, assertMatch } from "@std/assert";
import { redisGateway } from "../support/redis_gateway.ts";
import { call } from "./call.ts";

const LIMIT = 10_000;
const TOO_LARGE = /^ERR max reply size exceeded. Limit: 10000 bytes/;

const asked: Readonly<Record<string, [path: string, body: (key: string) => unknown]>> = {
  "one reply": ["/", (key) => ["LRANGE", key, 0, -1]],
  "one value": ["/", (key) => ["GET", `${key}:value`]],
  "a pipeline": ["/pipeline", (key) => Array(4).fill(["GET", `${key}:half`])],
  "a transaction": ["/multi-exec", (key) => Array(4).fill(["GET", `${key}:half`])],
};

for (const [what, [path, body]] of Object.entries(asked)) {
  for (const format of ["json", "resp2"]) {
    Deno.test(`POST ${path} answers 400 when ${what} would be too large, as ${format}`, async () => {
      await using server = await redisGateway({ maxReplyBytes: LIMIT });
      const key = server.namespace;
      await server.redis.rpush(key, ...Array(200).fill("x".repeat(100)));
      await server.redis.set(`${key}:value`, "x".repeat(LIMIT + 1));
      await server.redis.set(`${key}:half`, "x".repeat(LIMIT / 2));
      const headers = { "upstash-response-format": format };
      const response = await fetch(server.url + path, {
        method: "POST",
        headers: { authorization: `Bearer ${server.token}`, ...headers },
        body: JSON.stringify(body(key)),
      });
      assertEquals(response.status, 400);
      assertMatch(await response.text(), /ERR max reply size exceeded. Limit: 10000 bytes/);
      // The connection goes on, and each request has its own limit.
      for (let i = 0; i < 3; i++) {
        const { status } = await call(server, "/", ["GET", `${key}:half`]);
        assertEquals(status, 200);
      }
    });
  }
}

Deno.test("POST / takes a reply that is just within the limit", async () => {
  await using server = await redisGateway({ maxReplyBytes: LIMIT });
  const text = "x".repeat(LIMIT - '{"result":""}'.length);
  await server.redis.set(server.namespace, text);
  assertEquals((await call(server, "/", ["GET", server.namespace])).json, { result: text });
  await server.redis.append(server.namespace, "x");
  const { json } = await call(server, "/", ["GET", server.namespace]);
  assertMatch((json as { error: string }).error, TOO_LARGE);
});

for (
  const [path, format, written] of [
    ["/pipeline", "json", (items: string[]) => JSON.stringify(items.map((result) => ({ result })))],
    [
      "/multi-exec",
      "json",
      (items: string[]) => JSON.stringify(items.map((result) => ({ result }))),
    ],
    [
      "/pipeline",
      "resp2",
      (items: string[]) => items.map((item) => `$5000\r\n${item}\r\n`).join(""),
    ],
  ] as const
) {
  Deno.test(`POST ${path} counts the bytes of its answers, as ${format}, not their characters`, async () => {
    const item = "é".repeat(2500);
    const body = written([item, item]);
    // What holds the answers together is not counted.
    const limit = new TextEncoder().encode(body).length - (format === "json" ? "[,]".length : 0);
    for (const [maxReplyBytes, expected] of [[limit, 200], [limit - 1, 400]] as const) {
      await using server = await redisGateway({ maxReplyBytes });
      await server.redis.set(server.namespace, item);
      const response = await fetch(server.url + path, {
        method: "POST",
        headers: { authorization: `Bearer ${server.token}`, "upstash-response-format": format },
        body: JSON.stringify([["GET", server.namespace], ["GET", server.namespace]]),
      });
      const text = await response.text();
      assertEquals([response.status, text === body], [expected, expected === 200]);
    }
  });
}

Deno.test("POST / takes a reply that is far shorter than what Redis sent", async () => {
  await using server = await redisGateway({ maxReplyBytes: '{"result":[1,1,1,[],[]]}'.length });
  for (const [values, status] of [["1, 1, 1, {}, {}", 200], ["1, 1, 1, {}, {}, 1", 400]]) {
    assertEquals((await call(server, "/", ["EVAL", `return {${values}}`, 0])).status, status);
  }
});

Deno.test("POST /pipeline and /multi-exec take 100,000 commands, and no more", async () => {
  await using server = await redisGateway();
  for (const path of ["/pipeline", "/multi-exec"]) {
    const { status, json } = await call(server, path, Array(100_001).fill(["PING"]));
    assertEquals([status, json], [400, {
      error: "ERR max pipeline length exceeded. Limit: 100000, Actual: 100001",
    }]);
  }
});
