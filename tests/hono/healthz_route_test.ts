import { assert, assertEquals, assertThrows } from "@std/assert";
import { dabbaRoutes } from "@dabba/queue/hono";
import { sqliteBroker } from "@dabba/queue/sqlite";
import { BEARER, broken, failing, greeter, routes, SECRET } from "./greeter.ts";

Deno.test("GET /healthz answers 200 while nothing waits", async () => {
  await using dabba = greeter();
  const response = await routes(dabba).request("/dabba/healthz");
  assertEquals([response.status, await response.json()], [200, { ok: true, oldestReadyMs: 0 }]);
  assertEquals(response.headers.get("cache-control"), "no-store");
});

Deno.test("GET /healthz answers 503 when a ready message waits for longer than the objective", async () => {
  let now = Date.now();
  const broker = sqliteBroker({ path: ":memory:", clock: () => now });
  await using dabba = greeter({ broker });
  const app = routes(dabba, { objective: "2m" });
  await dabba.tasks.greet.enqueue({ name: "Ada" }, { delay: "1h" });
  await dabba.tasks.greet.enqueue({ name: "Ada" });
  now += 120_000;
  assertEquals((await app.request("/dabba/healthz")).status, 200);
  now += 1;
  const response = await app.request("/dabba/healthz");
  const body = { ok: false, reason: "behind", oldestReadyMs: 120_001 };
  assertEquals([response.status, await response.json()], [503, body]);
});

Deno.test("GET /healthz holds five minutes for an objective unless told otherwise", async () => {
  let now = Date.now();
  const broker = sqliteBroker({ path: ":memory:", clock: () => now });
  await using dabba = greeter({ broker });
  const app = routes(dabba);
  await dabba.tasks.greet.enqueue({ name: "Ada" });
  now += 300_000;
  assertEquals((await app.request("/dabba/healthz")).status, 200);
  now += 1;
  assertEquals((await app.request("/dabba/healthz")).status, 503);
});

Deno.test("GET /healthz answers 503 when the store fails, for whatever reason", async () => {
  for (const retryable of [true, false]) {
    await using dabba = greeter({ broker: failing("stats", { retryable }) });
    const response = await routes(dabba).request("/dabba/healthz", { headers: BEARER });
    const body = { ok: false, reason: "unreachable" };
    assertEquals([response.status, await response.json()], [503, body]);
  }
});

Deno.test("GET /healthz answers 503 when the store does not answer in time", async () => {
  const asked = Promise.withResolvers<never>();
  const broker = broken(sqliteBroker({ path: ":memory:" }), "stats", () => () => asked.promise);
  await using dabba = greeter({ broker });
  const app = routes(dabba, { healthDeadline: 5 });
  assertEquals((await app.request("/dabba/healthz")).status, 503);
  // An answer that comes too late, and is an error, disturbs nobody.
  asked.reject(new Error("too late"));
});

Deno.test("GET /healthz names queues and counts only to who has the secret", async () => {
  await using dabba = greeter();
  const app = routes(dabba);
  await dabba.tasks.greet.enqueue({ name: "canary" }, { queue: "private-queue" });
  await dabba.tasks.greet.enqueue({ name: "canary" }, { queue: "private-queue", delay: "1h" });
  await dabba.tasks.refuse.enqueue({ name: "canary" });
  await dabba.worker({ queues: ["default"] }).drain();
  for (const headers of [undefined, { authorization: "Bearer wrong" }]) {
    const text = await (await app.request("/dabba/healthz", { headers })).text();
    assertEquals(Object.keys(JSON.parse(text)), ["ok", "oldestReadyMs"]);
  }
  const response = await app.request("/dabba/healthz", { headers: BEARER });
  const text = await response.text();
  const { queues: [{ oldestReadyMs, ...queue }], dead } = JSON.parse(text);
  assertEquals([queue, dead], [{ queue: "private-queue", ready: 1, later: 1 }, 1]);
  assert(oldestReadyMs >= 0);
  assertEquals(text.includes("canary"), false);
});

Deno.test("GET /healthz tells everybody that the dead letters are nearly full", async () => {
  const broker = sqliteBroker({ path: ":memory:", deadLetters: { count: 1 } });
  await using dabba = greeter({ broker });
  await dabba.tasks.refuse.enqueue({ name: "canary" });
  await dabba.worker().drain();
  const response = await routes(dabba).request("/dabba/healthz");
  const body = { ok: true, oldestReadyMs: 0, deadNearlyFull: true };
  assertEquals([response.status, await response.json()], [200, body]);
});

Deno.test("dabbaRoutes() refuses bad durations", async () => {
  await using dabba = greeter();
  for (const options of [{ objective: "x" }, { healthDeadline: -1 }, { eventsFor: "5 minutes" }]) {
    const error = assertThrows(() => dabbaRoutes(dabba, { secret: SECRET, ...options }));
    assert(error instanceof TypeError || error instanceof RangeError);
  }
});

Deno.test("GET /healthz looks once for all who ask at the same time", async () => {
  const gate = Promise.withResolvers<void>();
  let looks = 0;
  const broker = sqliteBroker({ path: ":memory:" });
  const stats = broker.stats.bind(broker);
  broker.stats = async () => {
    looks++;
    await gate.promise;
    return await stats();
  };
  await using dabba = greeter({ broker });
  const app = routes(dabba);
  const asked = Array.from({ length: 50 }, () => app.request("/dabba/healthz"));
  await new Promise((resolve) => setTimeout(resolve));
  gate.resolve();
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  assertEquals([looks, new Set(statuses)], [1, new Set([200])]);
  assertEquals([(await app.request("/dabba/healthz")).status, looks], [200, 2]);
});
