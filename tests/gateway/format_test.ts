import { Buffer } from "node:buffer";
import { assertEquals, assertMatch } from "@std/assert";
import { type RedisGateway, redisGateway } from "../support/redis_gateway.ts";

const RESP2 = { "upstash-response-format": "resp2" };

async function ask(server: RedisGateway, path: string, body: unknown, headers: HeadersInit) {
  const response = await fetch(server.url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${server.token}`, ...headers },
    body: JSON.stringify(body),
  });
  const bytes = await response.bytes();
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    bytes,
    text: new TextDecoder().decode(bytes),
  };
}

const replies: [command: unknown[], reply: string][] = [
  [["SET", "KEY", "é"], "+OK\r\n"],
  [["GET", "KEY"], "$2\r\né\r\n"],
  [["TYPE", "KEY"], "+string\r\n"],
  [["SET", "KEY", "OK", "GET"], "$2\r\né\r\n"],
  [["GET", "KEY"], "$2\r\nOK\r\n"],
  [["SET", "KEY", "OK", "get"], "$2\r\nOK\r\n"],
  [["PING"], "+PONG\r\n"],
  [["PING", "x"], "$1\r\nx\r\n"],
  [["GET", "KEY:none"], "$-1\r\n"],
  [["STRLEN", "KEY"], ":2\r\n"],
  [["LRANGE", "KEY:none", 0, -1], "*0\r\n"],
  [["EVAL", "return {1, {'a', false}}", 0], "*2\r\n:1\r\n*2\r\n$1\r\na\r\n$-1\r\n"],
  [["EVAL", "return redis.status_reply('FINE')", 0], "+FINE\r\n"],
  [
    ["EVAL", "return {redis.status_reply('é'), redis.error_reply('ERR no')}", 0],
    "*2\r\n+é\r\n-ERR no\r\n",
  ],
  [["LPUSH", "KEY", 1], "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"],
];

Deno.test("Upstash-Response-Format: resp2 answers as Redis does", async () => {
  await using server = await redisGateway();
  const own = (command: unknown[]) =>
    command.map((word) => typeof word === "string" ? word.replace(/^KEY/, server.namespace) : word);
  for (const [command, reply] of replies) {
    const { status, type, text } = await ask(server, "/", own(command), RESP2);
    const expected = [reply.startsWith("-") ? 400 : 200, "application/octet-stream", reply];
    assertEquals([command, status, type, text], [command, ...expected]);
  }
  const { text } = await ask(server, "/pipeline", replies.map(([command]) => own(command)), RESP2);
  assertEquals(text, replies.map(([, reply]) => reply).join(""));
});

Deno.test("Upstash-Response-Format: resp2 keeps bytes that are not text", async () => {
  await using server = await redisGateway();
  await server.redis.set(server.namespace, Buffer.of(0xff, 0, 0x0d));
  const { bytes } = await ask(server, "/", ["GET", server.namespace], RESP2);
  assertEquals(bytes, Uint8Array.of(0x24, 0x33, 13, 10, 0xff, 0, 13, 13, 10));
});

Deno.test("Upstash-Response-Format does not apply to /multi-exec, nor to who is not let in", async () => {
  await using server = await redisGateway();
  const { type, text } = await ask(server, "/multi-exec", [["PING"]], RESP2);
  assertEquals([type, text], ["application/json", '[{"result":"PONG"}]']);
  const denied = await ask(server, "/", ["PING"], { ...RESP2, authorization: "Bearer wrong" });
  assertEquals([denied.status, denied.type], [401, "application/json"]);
});

Deno.test("Upstash-Response-Format is refused where it is unknown, or with base64", async () => {
  await using server = await redisGateway();
  for (
    const headers of [
      { "upstash-response-format": "resp3" },
      { ...RESP2, "upstash-encoding": "base64" },
    ]
  ) {
    const { status, type, text } = await ask(server, "/", ["PING"], headers);
    assertEquals([status, type], [400, "application/json"]);
    assertMatch(text, /^{"error":"ERR Upstash-/);
  }
  const json = await ask(server, "/", ["PING"], { "Upstash-Response-Format": "JSON" });
  assertEquals(json.text, '{"result":"PONG"}');
});
