import { assertEquals } from "@std/assert";
import { enqueue } from "@dabba/queue/hono";
import { Hono } from "hono";
import { greeter } from "./greeter.ts";

const TYPE = { "content-type": "application/json" };

async function send(init: RequestInit, payloadLimit = 1_000): Promise<[number, string?]> {
  await using dabba = greeter({ payloadLimit });
  const app = new Hono().post("/", enqueue(dabba.tasks.anything));
  const response = await app.request("/", { method: "POST", ...init });
  const { error } = await response.json();
  return error === undefined ? [response.status] : [response.status, error.code];
}

for (
  const type of [
    "application/json",
    "application/json; charset=utf-8",
    "Application/JSON",
    "application/vnd.api+json",
  ]
) {
  Deno.test(`A body is read as JSON when its type is ${type}`, async () => {
    assertEquals(await send({ headers: { "content-type": type }, body: "{}" }), [202]);
  });
}

for (
  const type of [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonp",
    "text/plain; application/json",
    "",
  ]
) {
  Deno.test(`A body is refused with 415 when its type is "${type}"`, async () => {
    const answer = await send({ headers: { "content-type": type }, body: "{}" });
    assertEquals(answer, [415, "unsupported_media_type"]);
  });
}

Deno.test("A body without a type is refused with 415", async () => {
  const bytes = new TextEncoder().encode("{}");
  assertEquals(await send({ body: bytes }), [415, "unsupported_media_type"]);
});

Deno.test("A compressed body is refused with 415", async () => {
  const headers = { ...TYPE, "content-encoding": "gzip" };
  assertEquals(await send({ headers, body: "{}" }), [415, "unsupported_media_type"]);
});

for (const body of ["", " \n", "{", "{'a':1}", "undefined", "NaN", "[1,]", "1 2"]) {
  Deno.test(`A body is refused with 400 when it is ${JSON.stringify(body)}`, async () => {
    assertEquals(await send({ headers: TYPE, body }), [400, "invalid_json"]);
  });
}

Deno.test("A body that is no UTF-8 is refused with 400", async () => {
  const body = new Uint8Array([0x22, 0xff, 0x22]);
  assertEquals(await send({ headers: TYPE, body }), [400, "invalid_json"]);
});

Deno.test("A body that breaks off is refused with 400", async () => {
  const body = new ReadableStream({
    pull: (controller) => controller.error(new Error("connection reset")),
  });
  assertEquals(await send({ headers: TYPE, body }), [400, "invalid_json"]);
});

Deno.test("A body in pieces is put together, letters across their borders included", async () => {
  const bytes = new TextEncoder().encode(JSON.stringify("läuft 🍱"));
  const body = ReadableStream.from([...bytes].map((byte) => new Uint8Array([byte])));
  assertEquals(await send({ headers: TYPE, body }), [202]);
});

Deno.test("A body is refused by its content-length, before a byte of it is read", async () => {
  let pulled = 0;
  const body = new ReadableStream({ pull: () => void pulled++ }, { highWaterMark: 0 });
  const headers = { ...TYPE, "content-length": "1001" };
  assertEquals(await send({ headers, body }), [413, "payload_too_large"]);
  assertEquals(pulled, 0);
});

Deno.test("A body of unknown length is read up to the limit, and no further", async () => {
  let pulled = 0;
  let cancelled = false;
  const body = new ReadableStream({
    pull(controller) {
      pulled++;
      controller.enqueue(new Uint8Array(100).fill(0x20));
    },
    cancel: () => void (cancelled = true),
  }, { highWaterMark: 0 });
  assertEquals(await send({ headers: TYPE, body }), [413, "payload_too_large"]);
  assertEquals([pulled, cancelled], [11, true]);
});

Deno.test("A body that a validator has read before is taken from Hono, within the limit", async () => {
  await using dabba = greeter({ payloadLimit: 20 });
  const app = new Hono().use(async (c, next) => {
    await c.req.json();
    await next();
  }).post("/", enqueue(dabba.tasks.anything));
  const post = (body: string) => app.request("/", { method: "POST", headers: TYPE, body });
  assertEquals((await post('{"a":1}')).status, 202);
  assertEquals((await post(`"${"x".repeat(20)}"`)).status, 413);
});
