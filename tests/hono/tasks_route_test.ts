import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { BEARER, broken, failing, greeter, json, routes } from "./greeter.ts";
import { sqliteBroker } from "@dabba/queue/sqlite";
import { Hono } from "hono";

const post = (query = "") => `/dabba/tasks/greet${query}`;

Deno.test("POST /tasks/:name answers 202 with the message's path, once the store has it", async () => {
  await using dabba = greeter();
  const response = await routes(dabba).request(post(), json({ name: "Ada" }, BEARER));
  const body = await response.json();
  assertEquals(response.status, 202);
  assertEquals(response.headers.get("location"), `/dabba/messages/${body.id}`);
  assertEquals(response.headers.get("retry-after"), "1");
  assertEquals(response.headers.get("cache-control"), "no-store");
  const { id } = body;
  assertEquals(body, {
    id,
    task: "greet",
    disposition: "enqueued",
    status: `/dabba/messages/${id}`,
  });
  assertEquals((await dabba.status(id)).state, "ready");
});

Deno.test("POST /tasks/:name knows its own path below a base path and parameters", async () => {
  await using dabba = greeter();
  const app = new Hono().basePath("/api").route("/:tenant", routes(dabba));
  const path = "/api/acme/dabba/tasks/greet";
  const response = await app.request(path, json({ name: "Ada" }, BEARER));
  const location = response.headers.get("location")!;
  assertMatch(location, /^\/api\/acme\/dabba\/messages\//);
  assertEquals((await app.request(location)).status, 200);
});

Deno.test("POST /tasks/:name takes its options from the query", async () => {
  await using dabba = greeter();
  const query = "?delay=90s&priority=high&expiresIn=7200000&id=my-id&queue=mail" +
    "&dedupeKey=ada&dedupeTtl=1h";
  const response = await routes(dabba).request(post(query), json({ name: "Ada" }, BEARER));
  const status = await dabba.status("my-id");
  assertEquals(response.status, 202);
  assertEquals([status.state, status.priority, status.queue], ["scheduled", "high", "mail"]);
  assertEquals(status.nextAttemptAt!.getTime() - status.enqueuedAt.getTime(), 90_000);
});

Deno.test("POST /tasks/:name takes an instant with an offset, and milliseconds", async () => {
  await using dabba = greeter();
  const app = routes(dabba);
  const at = encodeURIComponent("2060-01-31T09:30:00.250+02:00");
  await app.request(post(`?id=a&at=${at}`), json({ name: "Ada" }, BEARER));
  const { nextAttemptAt } = await dabba.status("a");
  assertEquals(nextAttemptAt!.toISOString(), "2060-01-31T07:30:00.250Z");
  await app.request(post("?id=b&delay=1500"), json({ name: "Ada" }, BEARER));
  const delayed = await dabba.status("b");
  assertEquals(delayed.nextAttemptAt!.getTime() - delayed.enqueuedAt.getTime(), 1_500);
});

Deno.test("POST /tasks/:name answers 409 with the winner of an id or a dedupe key", async () => {
  await using dabba = greeter();
  const app = routes(dabba);
  for (const query of ["?id=first", "?id=other&dedupeKey=k&dedupeTtl=1h"]) {
    await app.request(post(query), json({ name: "Ada" }, BEARER));
  }
  for (const [query, winner] of [["?id=first", "first"], ["?dedupeKey=k&dedupeTtl=1h", "other"]]) {
    const response = await app.request(post(query), json({ name: "Eve" }, BEARER));
    const { error, ...body } = await response.json();
    assertEquals(response.status, 409);
    assertEquals(response.headers.get("location"), `/dabba/messages/${winner}`);
    assertEquals([body.id, body.disposition, error.code], [winner, "duplicate", "duplicate"]);
  }
});

Deno.test("POST /tasks/:name answers 400 with the schema's issues", async () => {
  await using dabba = greeter();
  const response = await routes(dabba).request(post(), json({ name: 7 }, BEARER));
  const { error } = await response.json();
  assertEquals(response.status, 400);
  assertEquals([error.code, error.issues[0].path], ["validation", ["name"]]);
  assertEquals(await dabba.inspect.stats().then(({ queues }) => queues), []);
});

const BAD_OPTIONS: [query: string, says: string][] = [
  ["?delay=soon", 'delay "soon"'],
  ["?delay=-1s", "delay"],
  ["?at=2060-01-31", "at"],
  ["?at=2060-01-31T09:00:00", "Z or an offset"],
  ["?at=2060-02-30T09:00:00Z", "at"],
  ["?at=2060-01-31T09:00:00+02:00", "%2B"],
  ["?at=2060-13-01T00:00:00Z", "at"],
  ["?delay=1s&at=2060-01-31T09:00:00Z", "delay and at"],
  ["?priority=urgent", "priority"],
  ["?expiresIn=0", "expiresIn"],
  ["?expiresIn=1s&delay=2s", "expiresIn"],
  ["?id=a%20b", "message id"],
  ["?id=", "message id"],
  ["?queue=a/b", "queue"],
  ["?dedupeKey=k", "dedupeTtl"],
  ["?dedupeTtl=1h", "dedupeKey"],
  ["?dedupeKey=k&dedupeTtl=0", "dedupe.ttl"],
  ["?dedupeKey=&dedupeTtl=1h", "dedupe.key"],
  ["?dleay=10s", '"dleay"'],
  ["?delay=1s&delay=2s", "delay twice"],
];

for (const [query, says] of BAD_OPTIONS) {
  Deno.test(`POST /tasks/:name answers 400 for ${query}, and enqueues nothing`, async () => {
    await using dabba = greeter();
    const response = await routes(dabba).request(post(query), json({ name: "Ada" }, BEARER));
    const { error } = await response.json();
    assertEquals([response.status, error.code], [400, "invalid_option"]);
    assertStringIncludes(error.message, says);
    assertEquals((await dabba.inspect.stats()).queues, []);
  });
}

Deno.test("POST /tasks/:name answers 404 for a task that is not here, without reading on", async () => {
  await using dabba = greeter();
  const response = await routes(dabba).request("/dabba/tasks/nope", json({}, BEARER));
  assertEquals([response.status, (await response.json()).error.code], [404, "unknown_task"]);
});

Deno.test("POST /tasks/:name answers 413 over the payload limit, before and after parsing", async () => {
  await using dabba = greeter({ payloadLimit: 100 });
  const app = routes(dabba);
  const path = "/dabba/tasks/anything";
  const over = await app.request(path, json("x".repeat(100), BEARER));
  assertEquals([over.status, (await over.json()).error.code], [413, "payload_too_large"]);
  assertEquals((await app.request(path, json("x".repeat(98), BEARER))).status, 202);
  // Short once it is parsed, but nobody reads that far.
  const padded = { ...json(null, BEARER), body: '"x"' + " ".repeat(98) };
  assertEquals((await app.request(path, padded)).status, 413);
  // A few bytes on the way, and a hundred and one digits where it is stored.
  const init = { ...json(null, BEARER), body: "[1e20,1e20,1e20,1e20,1e20]" };
  assertEquals((await app.request(path, init)).status, 413);
});

Deno.test("POST /tasks/:name answers 400 for JSON that nests too deep", async () => {
  await using dabba = greeter();
  const body = "[".repeat(5_000) + "]".repeat(5_000);
  const init = { ...json(null, BEARER), body };
  const response = await routes(dabba).request("/dabba/tasks/anything", init);
  assertEquals([response.status, (await response.json()).error.code], [400, "unserialisable"]);
});

Deno.test("POST /tasks/:name answers 503 while the store is away or full, without its name", async () => {
  const away = { retryable: true };
  for (const fault of [away, { retryable: false, full: true }, { retryable: true, full: true }]) {
    await using dabba = greeter({ broker: failing("push", fault) });
    const response = await routes(dabba).request(post(), json({ name: "Ada" }, BEARER));
    const text = await response.text();
    assertEquals([response.status, response.headers.get("retry-after")], [503, "5"]);
    assertEquals(text.includes("redis.internal"), false);
  }
});

Deno.test("POST /tasks/:name answers 500 without details when the store refuses for good", async () => {
  await using dabba = greeter({ broker: failing("push", { retryable: false }) });
  const response = await routes(dabba).request(post(), json({ name: "Ada" }, BEARER));
  const error = { code: "broker", message: "The store refused the request" };
  assertEquals([response.status, await response.json()], [500, { error }]);
  assertEquals(response.headers.get("retry-after"), null);
});

Deno.test("POST /tasks/:name leaves a schema's own fault to the app, as 500 and no 400", async () => {
  await using dabba = greeter();
  const seen: unknown[] = [];
  const app = new Hono().route("/", routes(dabba)).onError((error, c) => {
    seen.push(error.message);
    return c.text("the app's own", 500);
  });
  const response = await app.request("/dabba/tasks/odd", json(1, BEARER));
  assertEquals([response.status, await response.text()], [500, "the app's own"]);
  assertEquals(seen, ["a schema with a bug"]);
});

Deno.test("POST /tasks/:name shows the app's middleware the error behind a 500", async () => {
  await using dabba = greeter({ broker: failing("push", { retryable: false }) });
  const seen: unknown[] = [];
  const app = new Hono().use(async (c, next) => {
    await next();
    seen.push(c.error?.message);
  }).route("/", routes(dabba));
  await app.request(post(), json({ name: "Ada" }, BEARER));
  assertEquals(seen, ["Cannot push: the host redis.internal is away"]);
});

Deno.test("POST /tasks/:name asks the store for nothing when the request is wrong", async () => {
  const calls: string[] = [];
  const broker = broken(sqliteBroker({ path: ":memory:" }), "push", (push) => (messages) => {
    calls.push("push");
    return push(messages);
  });
  await using dabba = greeter({ broker });
  const app = routes(dabba);
  await app.request(post(), json({ name: "" }, BEARER));
  await app.request(post("?delay=x"), json({ name: "Ada" }, BEARER));
  await app.request(post(), json({ name: "Ada" }));
  assertEquals(calls, []);
});
