import { assertEquals, assertThrows } from "@std/assert";
import { enqueue, withTasks } from "@dabba/queue/hono";
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { failing, greeter, json } from "./greeter.ts";

Deno.test("enqueue() enqueues the JSON body and answers 202", async () => {
  await using dabba = greeter();
  const app = new Hono().post("/greetings", enqueue(dabba.tasks.greet));
  const response = await app.request("/greetings", json({ name: "Ada" }));
  const body = await response.json();
  assertEquals(response.status, 202);
  assertEquals(response.headers.get("location"), `/dabba/messages/${body.id}`);
  await dabba.worker().drain();
  assertEquals((await dabba.status(body.id)).output, "Hello, Ada");
});

Deno.test("enqueue() answers 400 with the schema's issues, and stores nothing", async () => {
  await using dabba = greeter();
  const app = new Hono().post("/", enqueue(dabba.tasks.greet));
  const response = await app.request("/", json({ name: "" }));
  const { error } = await response.json();
  assertEquals([response.status, error.code], [400, "validation"]);
  assertEquals(error.issues[0].path, ["name"]);
  assertEquals((await dabba.inspect.stats()).queues, []);
});

Deno.test("enqueue() answers 413 over the limit of its Dabba", async () => {
  await using dabba = greeter({ payloadLimit: 20 });
  const app = new Hono().post("/", enqueue(dabba.tasks.greet));
  assertEquals((await app.request("/", json({ name: "Ada" }))).status, 202);
  assertEquals((await app.request("/", json({ name: "Ada Lovelace" }))).status, 413);
});

Deno.test("enqueue() answers 503 while the store is away, 500 when it refuses for good", async () => {
  for (const [retryable, status] of [[true, 503], [false, 500]] as const) {
    await using dabba = greeter({ broker: failing("push", { retryable }) });
    const app = new Hono().post("/", enqueue(dabba.tasks.greet));
    const response = await app.request("/", json({ name: "Ada" }));
    assertEquals(response.status, status);
    assertEquals((await response.text()).includes("redis.internal"), false);
  }
});

Deno.test("enqueue() shows the app's middleware the error behind a 500", async () => {
  await using dabba = greeter({ broker: failing("push", { retryable: false }) });
  const seen: unknown[] = [];
  const app = new Hono().use(async (c, next) => {
    await next();
    seen.push(c.error?.message);
  }).post("/", enqueue(dabba.tasks.greet));
  await app.request("/", json({ name: "Ada" }));
  await app.request("/", json({ name: "" }));
  assertEquals(seen, ["Cannot push: the host redis.internal is away", undefined]);
});

Deno.test("enqueue() takes input and options from its mapper", async () => {
  await using dabba = greeter();
  const app = new Hono().post(
    "/users/:name",
    enqueue(dabba.tasks.greet, (c) => ({
      input: { name: c.req.param("name") ?? "" },
      options: { delay: "1h", dedupe: { key: c.req.param("name") ?? "", ttl: "1h" } },
    })),
  );
  const first = await (await app.request("/users/ada", { method: "POST" })).json();
  const second = await app.request("/users/ada", { method: "POST" });
  assertEquals(second.status, 202);
  assertEquals(await second.json(), { ...first, disposition: "duplicate" });
  assertEquals((await dabba.status(first.id)).state, "scheduled");
});

Deno.test("enqueue() lends its mapper the body, with the same refusals", async () => {
  await using dabba = greeter({ payloadLimit: 100 });
  const app = new Hono().post(
    "/",
    enqueue(dabba.tasks.greet, async (c, json) => ({
      input: await json(),
      options: { id: c.req.header("idempotency-key")! },
    })),
  );
  const headers = { "idempotency-key": "key-1" };
  assertEquals((await (await app.request("/", json({ name: "Ada" }, headers))).json()).id, "key-1");
  const statuses = await Promise.all([
    app.request("/", json({ name: 7 }, headers)),
    app.request("/", json({ name: "x".repeat(200) }, headers)),
    app.request("/", { method: "POST", body: "{}", headers }),
  ]);
  assertEquals(statuses.map(({ status }) => status), [400, 413, 415]);
});

Deno.test("enqueue() answers 400 for options that its mapper took over from the sender", async () => {
  await using dabba = greeter();
  const app = new Hono().post(
    "/",
    enqueue(dabba.tasks.greet, (c) => ({
      input: { name: "Ada" },
      options: { delay: c.req.query("delay")! },
    })),
  );
  const response = await app.request("/?delay=soon", { method: "POST" });
  assertEquals([response.status, (await response.json()).error.code], [400, "invalid_option"]);
});

Deno.test("enqueue() lets its mapper answer by itself, and enqueues nothing then", async () => {
  await using dabba = greeter();
  const app = new Hono().post("/", enqueue(dabba.tasks.greet, (c) => c.text("closed", 403)));
  const response = await app.request("/", { method: "POST" });
  assertEquals([response.status, await response.text()], [403, "closed"]);
  assertEquals((await dabba.inspect.stats()).queues, []);
});

Deno.test("enqueue() leaves errors that are not its own to the app", async () => {
  await using dabba = greeter();
  const app = new Hono()
    .post(
      "/mapper",
      enqueue(dabba.tasks.greet, () => {
        throw new TypeError("a mapper's bug");
      }),
    )
    .post(
      "/http",
      enqueue(dabba.tasks.greet, () => {
        throw new HTTPException(418);
      }),
    )
    .post("/schema", enqueue(dabba.tasks.odd))
    .onError((error, c) => c.text(error.message, error instanceof HTTPException ? 418 : 500));
  const mapper = await app.request("/mapper", { method: "POST" });
  assertEquals([mapper.status, await mapper.text()], [500, "a mapper's bug"]);
  assertEquals((await app.request("/http", { method: "POST" })).status, 418);
  const schema = await app.request("/schema", json(1));
  assertEquals([schema.status, await schema.text()], [500, "a schema with a bug"]);
});

Deno.test("enqueue() sends to where the middleware says", async () => {
  await using dabba = greeter();
  const app = new Hono().use(withTasks(dabba, { mountedAt: "/queue" }))
    .post("/", enqueue(dabba.tasks.greet));
  const response = await app.request("/", json({ name: "Ada" }));
  assertEquals(response.headers.get("location")!.startsWith("/queue/messages/"), true);
});

Deno.test("enqueue() refuses what is no task", () => {
  assertThrows(() => enqueue(undefined as never), TypeError, "dabba.tasks.welcome");
});
