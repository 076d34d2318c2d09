/** Requests that no client would send: whatever comes, the answer is JSON and the gateway lives. */

import { Buffer } from "node:buffer";
import { connect } from "node:net";
import { assertEquals } from "@std/assert";
import { type RedisGateway, redisGateway } from "../support/redis_gateway.ts";
import { call } from "./call.ts";

const REQUESTS = 400;
const SEED = 20261125;

/** Mulberry32: small, and the same everywhere. */
function randomOf(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

type Random = ReturnType<typeof randomOf>;

function pick<T>(random: Random, from: readonly T[]): T {
  return from[random(from.length)]!;
}

/** Commands that do no harm to the tests beside this one, however they are put together. */
const NAMES = ["GET", "get", "EXISTS", "ECHO", "PING", "TYPE", "BLPOP", "NOPE", "", " ", "\u0000"];
const WORDS = [
  "a",
  "",
  "é",
  "\ud800",
  "%",
  "%zz",
  "%ff",
  "/",
  "..",
  "//",
  "?",
  "#",
  "\n",
  "0",
  "-1",
];

function json(random: Random, depth = 0): unknown {
  const kind = random(depth > 4 ? 6 : 9);
  if (kind < 3) return pick(random, WORDS);
  if (kind === 3) return pick(random, [0, -1, 1.5, 1e300, 2 ** 53, true, false]);
  if (kind === 4) return null;
  if (kind === 5) return pick(random, NAMES);
  if (kind === 6) return { [pick(random, WORDS)]: json(random, depth + 1) };
  return Array.from({ length: random(5) }, () => json(random, depth + 1));
}

function commandLike(random: Random): unknown[] {
  return [pick(random, NAMES), ...Array.from({ length: random(4) }, () => json(random, 3))];
}

function bodyOf(random: Random): Uint8Array<ArrayBuffer> | string {
  const kind = random(7);
  if (kind === 0) return Uint8Array.from({ length: random(200) }, () => random(256));
  if (kind === 1) return "[".repeat(random(50_000));
  if (kind === 2) return JSON.stringify(json(random));
  if (kind === 3) return JSON.stringify(commandLike(random)).slice(0, random(40));
  if (kind === 4) {
    return JSON.stringify(Array.from({ length: random(4) }, () => commandLike(random)));
  }
  if (kind === 5) return "";
  return JSON.stringify(commandLike(random));
}

function requestOf(random: Random, token: string): Request {
  const first = pick(random, ["", "pipeline", "multi-exec", "get", "subscribe", "billing", "é"]);
  const rest = Array.from({ length: random(4) }, () => pick(random, WORDS));
  const path = [first, ...rest].map((part) => random(2) ? part : encode(part)).join("/");
  const method = pick(random, ["GET", "POST", "POST", "POST", "PUT", "HEAD", "DELETE"]);
  const headers = new Headers({
    authorization: random(10) ? `Bearer ${token}` : pick(random, ["", "Bearer", "Basic x"]),
    "upstash-encoding": pick(random, ["base64", "", "x"]),
    "upstash-response-format": pick(random, ["json", "json", "json", "resp2", "x"]),
    "x-filler": "y".repeat(random(20_000)),
  });
  const body = method === "GET" || method === "HEAD" ? null : bodyOf(random);
  return new Request(`http://h/${path}`, { method, headers, body });
}

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

Deno.test(`Gateway.fetch() answers ${REQUESTS} odd requests, each in JSON or as asked`, async () => {
  const faces: ((request: Request) => Promise<Response>)[] = [];
  await using server = await redisGateway({
    intercept: (request, forward) => (faces.push(forward), forward(request)),
  });
  // The handler itself: an HTTP client would refuse to send half of these.
  await call(server, "/", ["PING"]);
  const random = randomOf(SEED);
  for (let i = 0; i < REQUESTS; i++) {
    const request = requestOf(random, server.token);
    const response = await faces[0]!(request);
    const text = await response.text();
    const known = [200, 400, 401, 405, 413].includes(response.status);
    assertEquals([i, request.url, response.status, known], [i, request.url, response.status, true]);
    const isJson = response.headers.get("content-type") === "application/json";
    if (isJson && request.method !== "HEAD") JSON.parse(text);
  }
  assertEquals((await call(server, "/", ["PING"])).json, { result: "PONG" });
});

/** Sends bytes as they are, and resolves with what comes back until the other side has had enough. */
function sendRaw({ url }: RedisGateway, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.end(bytes));
    socket.on("data", (chunk) => text += chunk);
    socket.on("error", () => {});
    socket.on("close", () => resolve(text));
  });
}

Deno.test("a served gateway outlives bytes that are no HTTP, and paths that are no URL", async () => {
  await using server = await redisGateway();
  const head = `Host: h\r\nAuthorization: Bearer ${server.token}\r\nConnection: close\r\n`;
  const odd = [
    "\0\x01\x02 nonsense\r\n\r\n",
    `GET /get/%ff%fe/\x80 HTTP/1.1\r\n${head}\r\n`,
    `GET * HTTP/1.1\r\n${head}\r\n`,
    `GET http://other:99999/get/a HTTP/1.1\r\n${head}\r\n`,
    `GET /get/a HTTP/1.1\r\n${head}X-Huge: ${"x".repeat(300_000)}\r\n\r\n`,
    `POST / HTTP/1.1\r\n${head}Content-Length: 99\r\n\r\n["PING"]`,
    `POST / HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
    `POST / HTTP/1.1\r\n${head}Content-Length: -1\r\n\r\n`,
    `GET /${"a/".repeat(20_000)} HTTP/1.1\r\n${head}\r\n`,
  ];
  for (const text of odd) await sendRaw(server, Buffer.from(text, "latin1"));
  assertEquals((await call(server, "/", ["PING"])).json, { result: "PONG" });
});
