import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Dabba, defineTask } from "@dabba/queue";
import { dabbaRoutes, withTasks } from "@dabba/queue/hono";
import { memoryBroker } from "@dabba/queue/testing";
import { Hono } from "hono";
import { z } from "zod";
import { BEARER, failing, greeter, routes, SECRET } from "./greeter.ts";

Deno.test("POST /drain and GET /drain run what is due, and say what they did", async () => {
  await using dabba = greeter();
  for (const method of ["POST", "GET"]) {
    await dabba.tasks.greet.enqueueMany([{ name: "Ada" }, { name: "Eve" }]);
    await dabba.tasks.refuse.enqueue({ name: "Bob" });
    await dabba.tasks.later.enqueue({ name: "Kim" });
    const response = await routes(dabba).request("/dabba/drain", { method, headers: BEARER });
    assertEquals(response.status, 200);
    assertEquals(response.headers.get("cache-control"), "no-store");
    const { claimed, succeeded, dead, deferred, handedBack, ended } = await response.json();
    assertEquals([claimed, succeeded, dead, deferred, handedBack], [4, 2, 1, 1, 0]);
    assertEquals(ended, "empty");
  }
});

Deno.test("POST /drain takes nothing whose timeout does not fit its budget", async () => {
  await using dabba = greeter();
  const { id } = await dabba.tasks.custom.enqueue({ name: "Ada" });
  const app = routes(dabba);
  const init = { method: "POST", headers: BEARER };
  const short = await app.request("/dabba/drain?budget=10s", init);
  assertEquals([(await short.json()).succeeded, (await dabba.status(id)).state], [0, "scheduled"]);
  const other = await dabba.tasks.custom.enqueue({ name: "Eve" });
  await app.request("/dabba/drain?budget=40000", init);
  assertEquals((await other.status()).state, "succeeded");
});

Deno.test("POST /drain never takes longer than the budget of its options", async () => {
  await using dabba = greeter();
  const { id } = await dabba.tasks.custom.enqueue({ name: "Ada" });
  const app = routes(dabba, { drain: { budget: "10s" } });
  await app.request("/dabba/drain?budget=1h", { method: "POST", headers: BEARER });
  assertEquals((await dabba.status(id)).state, "scheduled");
});

Deno.test("POST /drain works as its options say", async () => {
  await using dabba = greeter();
  const queues = ["mail"];
  const app = routes(dabba, { drain: { queues, max: 1, name: "tick" } });
  const [first, second, other] = [
    await dabba.tasks.greet.enqueue({ name: "Ada" }, { queue: "mail" }),
    await dabba.tasks.greet.enqueue({ name: "Ada" }, { queue: "mail" }),
    await dabba.tasks.greet.enqueue({ name: "Ada" }),
  ];
  await app.request("/dabba/drain", { method: "POST", headers: BEARER });
  const states = await Promise.all([first!, second!, other!].map((each) => each.status()));
  assertEquals(states.map(({ state }) => state).sort(), ["ready", "ready", "succeeded"]);
  assertEquals(states.find(({ state }) => state === "succeeded")!.worker, "tick");
});

for (const budget of ["soon", "-1s", "", "1e9", "900000000d"]) {
  Deno.test(`POST /drain answers 400 for the budget "${budget}"`, async () => {
    await using dabba = greeter();
    const path = `/dabba/drain?budget=${budget}`;
    const response = await routes(dabba).request(path, { method: "POST", headers: BEARER });
    assertEquals([response.status, (await response.json()).error.code], [400, "invalid_option"]);
  });
}

Deno.test("POST /drain answers 503 when the store is away for as long as the budget", async () => {
  await using dabba = greeter({ broker: failing("exchange") });
  await dabba.tasks.greet.enqueue({ name: "Ada" });
  const path = "/dabba/drain?budget=50ms";
  const response = await routes(dabba).request(path, { method: "POST", headers: BEARER });
  assertEquals([response.status, response.headers.get("retry-after")], [503, "5"]);
});

Deno.test("POST /drain goes on when its caller hangs up, where the platform lets it", async () => {
  await using dabba = greeter();
  const { id } = await dabba.tasks.greet.enqueue({ name: "Ada" });
  const waited: Promise<unknown>[] = [];
  const context = { waitUntil: (work: Promise<unknown>) => void waited.push(work) };
  const init = { method: "POST", headers: BEARER };
  const response = routes(dabba).request("/dabba/drain", init, {}, context as never);
  // What the platform waits for is the drain itself, not the response.
  await response;
  assertEquals(waited.length, 1);
  await waited[0];
  assertEquals((await dabba.status(id)).state, "succeeded");
});

Deno.test("dabbaRoutes() refuses options that no drain could use", async () => {
  await using dabba = greeter();
  for (
    const drain of [
      { budget: "soon" },
      { max: 0 },
      { concurrency: 0 },
      { queues: ["a b"] },
      { lease: 1 },
    ]
  ) {
    const error = assertThrows(() => dabbaRoutes(dabba, { secret: SECRET, drain }));
    assert(error instanceof TypeError || error instanceof RangeError);
  }
});

Deno.test("/drain of an app with contracts alone answers 404 as JSON, and says why", async () => {
  const tasks = { mail: defineTask("mail", { input: z.string() }) };
  await using dabba = new Dabba({ broker: memoryBroker(), tasks });
  const app = new Hono().route("/dabba", dabbaRoutes(dabba, { secret: SECRET }));
  for (const method of ["GET", "POST"]) {
    const response = await app.request("/dabba/drain", { method, headers: BEARER });
    const { error } = await response.json();
    assertEquals([response.status, error.code], [404, "no_worker"]);
    assertStringIncludes(error.message, "only enqueues");
  }
  const { paths } = await (await app.request("/dabba/openapi.json")).json();
  assertEquals(Object.keys(paths).filter((path) => path.endsWith("/drain")), []);
  const asked = { secret: SECRET, routes: { drain: true } };
  assertThrows(() => dabbaRoutes(dabba, asked), TypeError, "none of its tasks has a handler");
  assertThrows(() => withTasks(dabba, { kick: {} }), TypeError, "none of its tasks has a handler");
});

Deno.test("/drain that was switched off is left to the app", async () => {
  await using dabba = greeter();
  const app = routes(dabba, { routes: { drain: false } });
  app.post("/dabba/drain", (c) => c.text("mine"));
  assertEquals(await (await app.request("/dabba/drain", { method: "POST" })).text(), "mine");
});
