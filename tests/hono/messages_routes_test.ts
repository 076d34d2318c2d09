import { assert, assertEquals } from "@std/assert";
import { ROOT } from "../support/project.ts";
import { BEARER, failing, greeter, routes } from "./greeter.ts";
import { Hono } from "hono";

Deno.test("GET /messages/:id tells where a message stands, instants as ISO 8601", async () => {
  await using dabba = greeter();
  const { id } = await dabba.tasks.greet.enqueue({ name: "Ada" });
  const response = await routes(dabba).request(`/dabba/messages/${id}`);
  const { enqueuedAt, ...body } = await response.json();
  assertEquals(response.status, 200);
  assertEquals(response.headers.get("retry-after"), "1");
  assertEquals(response.headers.get("cache-control"), "no-store");
  assertEquals(response.headers.get("x-content-type-options"), "nosniff");
  assertEquals(new Date(enqueuedAt).toISOString(), enqueuedAt);
  assertEquals(body, {
    id,
    task: "greet",
    state: "ready",
    attempts: 0,
    maxAttempts: 4,
    backoff: [60_000, 300_000, 900_000],
    crashes: 0,
    queue: "default",
    priority: "normal",
    history: [],
  });
});

Deno.test("GET /messages/:id gives the output of a success, and nothing to wait for", async () => {
  await using dabba = greeter();
  const { id } = await dabba.tasks.greet.enqueue({ name: "Ada" });
  await dabba.worker().drain();
  const response = await routes(dabba).request(`/dabba/messages/${id}`);
  const body = await response.json();
  assertEquals([body.state, body.output, body.attempts], ["succeeded", "Hello, Ada", 1]);
  assertEquals(new Date(body.finishedAt).toISOString(), body.finishedAt);
  assertEquals(response.headers.get("retry-after"), null);
});

Deno.test("GET /messages/:id tells of a failure without its stack", async () => {
  await using dabba = greeter();
  const dead = await dabba.tasks.refuse.enqueue({ name: "Ada" });
  const retried = await dabba.tasks.stumble.enqueue({ name: "Ada" }, { backoff: ["30s"] });
  await dabba.worker().drain();
  assert((await dead.status()).error?.stack?.includes("greeter.ts"));
  for (const [{ id }, state] of [[dead, "dead"], [retried, "scheduled"]] as const) {
    const response = await routes(dabba).request(`/dabba/messages/${id}`);
    const text = await response.text();
    const body = JSON.parse(text);
    assertEquals(body.state, state);
    assertEquals(Object.keys(body.error), ["name", "message"]);
    assertEquals(body.history.length, 1);
    assertEquals(text.includes("greeter.ts"), false);
  }
});

Deno.test("GET /messages/:id has the fields that the README names, state by state", async () => {
  const readme = await Deno.readTextFile(`${ROOT}README.md`);
  const always = /`\{ (id, task, state, [\w, ]+) \}`/.exec(readme)![1]!.split(", ");
  await using dabba = greeter();
  const { greet, refuse, stumble } = dabba.tasks;
  const waiting = await greet.enqueue({ name: "Ada" }, { delay: "1h" });
  const stopped = await greet.enqueue({ name: "Ada" }, { delay: "1h" });
  const [done, dead, again] = [
    await greet.enqueue({ name: "Ada" }),
    await refuse.enqueue({ name: "Ada" }),
    await stumble.enqueue({ name: "Ada" }, { backoff: ["1h"] }),
  ];
  await dabba.cancel(stopped.id);
  await dabba.worker().drain();
  const plan = ["maxAttempts", "backoff"];
  const expected: [string, string, string[]][] = [
    [waiting.id, "scheduled", [...plan, "nextAttemptAt"]],
    [again.id, "scheduled", [...plan, "nextAttemptAt", "worker", "error"]],
    [dead.id, "dead", [...plan, "worker", "error", "finishedAt"]],
    [done.id, "succeeded", ["worker", "output", "finishedAt"]],
    [stopped.id, "cancelled", ["error", "finishedAt"]],
  ];
  for (const [id, state, more] of expected) {
    const body = await (await routes(dabba).request(`/dabba/messages/${id}`)).json();
    assertEquals([body.state, Object.keys(body).sort()], [state, [...always, ...more].sort()]);
  }
});

Deno.test("GET /messages/:id says when to come back, a minute at most", async () => {
  await using dabba = greeter();
  const app = routes(dabba);
  for (const [delay, seconds] of [["20s", "20"], ["2h", "60"]] as const) {
    const { id } = await dabba.tasks.greet.enqueue({ name: "Ada" }, { delay });
    const response = await app.request(`/dabba/messages/${id}`);
    assertEquals(response.headers.get("retry-after"), seconds);
  }
});

for (const id of ["unknown", "a%20b", "%00", "x".repeat(65), "%F0%9F%8D%B1", "__proto__"]) {
  Deno.test(`GET /messages/${id.slice(0, 10)} answers 404, and so do its events`, async () => {
    await using dabba = greeter();
    for (const path of [`/dabba/messages/${id}`, `/dabba/messages/${id}/events`]) {
      const response = await routes(dabba).request(path);
      assertEquals([response.status, (await response.json()).error.code], [
        404,
        "message_not_found",
      ]);
    }
  });
}

Deno.test("GET /messages/:id answers 503 while the store is away, and so do its events", async () => {
  await using dabba = greeter({ broker: failing("read") });
  for (const path of ["/dabba/messages/a", "/dabba/messages/a/events"]) {
    const response = await routes(dabba).request(path);
    assertEquals([response.status, response.headers.get("retry-after")], [503, "5"]);
    await response.body?.cancel();
  }
});

Deno.test("A secret that is not asked for does no harm", async () => {
  await using dabba = greeter();
  const { id } = await dabba.tasks.greet.enqueue({ name: "Ada" });
  const response = await routes(dabba).request(`/dabba/messages/${id}`, { headers: BEARER });
  assertEquals(response.status, 200);
});

Deno.test("HEAD of a message's events follows nothing", async () => {
  await using dabba = greeter();
  const { id } = await dabba.tasks.greet.enqueue({ name: "Ada" });
  // Were it followed, a timer would be left over, which the sanitizer sees.
  const response = await routes(dabba).request(`/dabba/messages/${id}/events`, { method: "HEAD" });
  assertEquals([response.status, response.body], [200, null]);
});

Deno.test("A path that is not one of the routes is the app's own 404", async () => {
  await using dabba = greeter();
  const app = new Hono().route("/", routes(dabba)).notFound((c) => c.text("elsewhere", 404));
  for (const path of ["/dabba/nothing", "/dabba/tasks", "/dabba/messages/a/b"]) {
    const response = await app.request(path);
    assertEquals(await response.text(), "elsewhere");
  }
});
