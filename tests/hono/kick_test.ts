import { assert, assertEquals, assertThrows } from "@std/assert";
import { BrokerError, type Dabba, type DrainSummary } from "@dabba/queue";
import { enqueue, enqueued, withTasks } from "@dabba/queue/hono";
import { Kick } from "../../src/kick.ts";
import { sqliteBroker } from "@dabba/queue/sqlite";
import { Hono } from "hono";
import { BEARER, broken, greeter, json, routes, type Tasks } from "./greeter.ts";

/** Stands in for the context of a platform that ends work with its response. */
function execution(): { waited: Promise<unknown>[]; context: never } {
  const waited: Promise<unknown>[] = [];
  const context = {
    waitUntil: (work: Promise<unknown>) => void waited.push(work),
    passThroughOnException() {},
  };
  return { waited, context: context as never };
}

/** Lists the drains of workers that are made from now on. */
function watchDrains(dabba: Dabba<Tasks>): Promise<DrainSummary>[] {
  const drains: Promise<DrainSummary>[] = [];
  const make = dabba.worker.bind(dabba);
  dabba.worker = (options) => {
    const worker = make(options);
    const drain = worker.drain.bind(worker);
    worker.drain = (limits) => {
      const draining = drain(limits);
      drains.push(draining);
      return draining;
    };
    return worker;
  };
  return drains;
}

const post = json({ name: "Ada" });

Deno.test("withTasks() leaves messages to workers unless a kick is asked for", async () => {
  await using dabba = greeter();
  const { waited, context } = execution();
  const app = new Hono().use(withTasks(dabba)).post("/", enqueue(dabba.tasks.greet));
  const { id } = await (await app.request("/", post, {}, context)).json();
  assertEquals([waited.length, (await dabba.status(id)).state], [0, "ready"]);
});

Deno.test("withTasks() kicks within waitUntil, after the response", async () => {
  const order: string[] = [];
  await using dabba = greeter({ work: () => void order.push("handled") });
  const { waited, context } = execution();
  const app = new Hono().use(withTasks(dabba, { kick: { budget: "30s" } })).post("/", async (c) => {
    return enqueued(c, await c.var.tasks.custom.enqueue({ name: "Ada" }));
  });
  const response = await app.request("/", { method: "POST" }, {}, context);
  order.push("answered");
  assertEquals([response.status, waited.length], [202, 1]);
  await waited[0];
  assertEquals(order, ["answered", "handled"]);
});

Deno.test("withTasks() kicks without waitUntil, too, and holds up no response", async () => {
  const gate = Promise.withResolvers<void>();
  await using dabba = greeter({ work: () => gate.promise });
  const drains = watchDrains(dabba);
  const started = new Promise<string>((resolve) => dabba.on("started", (e) => resolve(e.worker)));
  const kick = { budget: "30s", name: "kicker" };
  const app = new Hono().use(withTasks(dabba, { kick })).post("/", enqueue(dabba.tasks.custom));
  // Were the response to wait for the kick, it would wait for the gate for ever.
  const response = await app.request("/", post);
  assertEquals([response.status, await started], [202, "kicker"]);
  gate.resolve();
  assertEquals((await drains[0])!.succeeded, 1);
});

Deno.test("withTasks() does not kick for a request that has enqueued nothing", async () => {
  await using dabba = greeter();
  const { waited, context } = execution();
  const app = new Hono().use(withTasks(dabba, { kick: {} }))
    .get("/", (c) => c.text("hello"))
    .post("/", enqueue(dabba.tasks.greet));
  await app.request("/", {}, {}, context);
  await app.request("/", json({ name: "" }), {}, context);
  assertEquals(waited.length, 0);
});

Deno.test("withTasks() kicks for POST /tasks/:name, and for tasks taken from the Dabba itself", async () => {
  await using dabba = greeter();
  const app = new Hono().use(withTasks(dabba, { kick: {} })).post("/own", async (c) => {
    return enqueued(c, await dabba.tasks.greet.enqueue({ name: "Ada" }));
  }).route("/", routes(dabba)) as never as Hono;
  for (
    const [path, init] of [["/dabba/tasks/greet", json({ name: "Ada" }, BEARER)], ["/own", post]]
  ) {
    const { waited, context } = execution();
    const { id } = await (await app.request(path as string, init as RequestInit, {}, context))
      .json();
    await waited[0];
    assertEquals((await dabba.status(id)).state, "succeeded");
  }
});

Deno.test("withTasks() kicks for a request that fails after it has enqueued", async () => {
  await using dabba = greeter();
  for (const [id, thrown] of [["a", new Error("after that")], ["b", "no error at all"]] as const) {
    const { waited, context } = execution();
    const app = new Hono().use(withTasks(dabba, { kick: {} })).post("/", async (c) => {
      await c.var.tasks.greet.enqueue({ name: "Ada" }, { id });
      throw thrown;
    }).onError((error, c) => c.text(error.message, 500));
    await Promise.resolve(app.request("/", { method: "POST" }, {}, context)).catch(() => {});
    await waited[0];
    assertEquals((await dabba.status(id)).state, "succeeded");
  }
});

Deno.test("withTasks() begins no work in the turn of the event loop that sends the response", async () => {
  const order: string[] = [];
  await using dabba = greeter({ work: () => void order.push("handled") });
  const { waited, context } = execution();
  const app = new Hono().use(withTasks(dabba, { kick: { budget: "30s" } })).post("/", async (c) => {
    return enqueued(c, await c.var.tasks.custom.enqueue({ name: "Ada" }));
  });
  const turn = new Promise((resolve) => setTimeout(resolve, 0)).then(() => order.push("next turn"));
  await app.request("/", { method: "POST" }, {}, context);
  await Promise.all([turn, waited[0]]);
  assertEquals(order, ["next turn", "handled"]);
});

Deno.test("withTasks() kicks for what is enqueued after the response", async () => {
  await using dabba = greeter();
  const { waited, context } = execution();
  const later = Promise.withResolvers<void>();
  const stored = Promise.withResolvers<void>();
  const app = new Hono().use(withTasks(dabba, { kick: {} })).post("/", (c) => {
    const { greet } = c.var.tasks;
    later.promise.then(() => greet.enqueue({ name: "Ada" }, { id: "m" })).then(() =>
      stored.resolve()
    );
    return c.text("soon");
  });
  await app.request("/", { method: "POST" }, {}, context);
  assertEquals(waited.length, 0);
  later.resolve();
  await stored.promise;
  await waited[0];
  assertEquals((await dabba.status("m")).state, "succeeded");
});

Deno.test("withTasks() starts one drain for many requests, and one more for what comes meanwhile", async () => {
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  await using dabba = greeter({
    async work() {
      begun.resolve();
      await gate.promise;
    },
  });
  const { waited, context } = execution();
  const kick = { budget: "30s", concurrency: 1, max: 1 };
  const app = new Hono().use(withTasks(dabba, { kick })).post("/", enqueue(dabba.tasks.custom));
  await Promise.all(Array.from({ length: 50 }, () => app.request("/", post, {}, context)));
  await begun.promise;
  await Promise.all(Array.from({ length: 50 }, () => app.request("/", post, {}, context)));
  assertEquals(waited.length, 1);
  let done = 0;
  dabba.on("succeeded", () => done++);
  gate.resolve();
  await waited[0];
  // Each drain takes one message at most: two drains there were, not a hundred.
  assertEquals(done, 2);
});

Deno.test("withTasks() kicks again for a later request", async () => {
  await using dabba = greeter();
  const app = new Hono().use(withTasks(dabba, { kick: {} })).post("/", enqueue(dabba.tasks.greet));
  for (let i = 0; i < 3; i++) {
    const { waited, context } = execution();
    const { id } = await (await app.request("/", post, {}, context)).json();
    await waited[0];
    assertEquals([waited.length, (await dabba.status(id)).state], [1, "succeeded"]);
  }
});

Deno.test("Kick.start() gives up a drain whose platform has ended it without a word", async () => {
  const gate = Promise.withResolvers<void>();
  const broker = broken(
    sqliteBroker({ path: ":memory:" }),
    "probe",
    (probe) => (queues) => gate.promise.then(() => probe(queues)),
  );
  await using dabba = greeter({ broker });
  let now = 0;
  const { now: real } = performance;
  performance.now = () => now;
  const kick = new Kick(dabba, { budget: "10s" });
  const first = kick.start();
  now = 39_999;
  const meanwhile = kick.start();
  now = 40_000;
  const second = kick.start();
  performance.now = real;
  assert(first !== undefined && meanwhile === undefined && second !== undefined);
  gate.resolve();
  await Promise.all([first, second]);
});

Deno.test("withTasks() tells of a kick that fails, and kicks again", async () => {
  let away = true;
  const broker = broken(sqliteBroker({ path: ":memory:" }), "exchange", (exchange) => (request) => {
    const error = new BrokerError("take or settle messages", "no permission", { retryable: false });
    return away ? Promise.reject(error) : exchange(request);
  });
  await using dabba = greeter({ broker });
  const errors: unknown[] = [];
  const kick = { onError: (error: unknown) => void errors.push((error as Error).message) };
  const app = new Hono().use(withTasks(dabba, { kick })).post("/", enqueue(dabba.tasks.greet));
  for (const state of ["ready", "succeeded"]) {
    const { waited, context } = execution();
    const { id } = await (await app.request("/", post, {}, context)).json();
    await waited[0];
    assertEquals((await dabba.status(id)).state, state);
    away = false;
  }
  assertEquals(errors, ["Cannot take or settle messages: no permission"]);
});

Deno.test("Kick.start() counts the requests of all its drains together", async () => {
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  await using dabba = greeter({
    async work() {
      begun.resolve();
      await gate.promise;
    },
  });
  const drains = watchDrains(dabba);
  const kick = new Kick(dabba, { budget: "30s", requests: 14, max: 1 });
  await dabba.tasks.custom.enqueueMany([{ name: "Ada" }, { name: "Bob" }]);
  const kicking = kick.start();
  await begun.promise;
  assertEquals(kick.start(), undefined);
  gate.resolve();
  await kicking;
  const ended = await Promise.all(drains);
  // What the first one left of 14 is less than a drain needs.
  assertEquals(ended.map((drain) => [drain.ended, drain.succeeded]), [["max", 1]]);
  assert(ended[0]!.requests >= 3);
});

/** Has this runtime give itself out for Cloudflare's until it is disposed of. */
function asCloudflare(): Disposable {
  const value = "Cloudflare-Workers";
  Object.defineProperty(navigator, "userAgent", { value, configurable: true });
  return { [Symbol.dispose]: () => void Reflect.deleteProperty(navigator, "userAgent") };
}

Deno.test("Kick refuses a budget that Cloudflare would cut off, there only", async () => {
  await using dabba = greeter();
  new Kick(dabba, { budget: "1m" });
  using _ = asCloudflare();
  new Kick(dabba, { budget: "28s" });
  assertThrows(() => new Kick(dabba, { budget: "29s" }), RangeError, "after 30 s");
});

Deno.test("Kick.start() on Cloudflare drains again for as long only as waitUntil lasts", async () => {
  let now = 0;
  await using dabba = greeter({
    work() {
      now = 20_000;
      assertEquals(kick.start(), undefined);
    },
  });
  const limits: unknown[] = [];
  const make = dabba.worker.bind(dabba);
  dabba.worker = (options) => {
    const worker = make(options);
    const drain = worker.drain.bind(worker);
    worker.drain = (given) => {
      limits.push([given?.budget, Number.isFinite(given?.requests)]);
      return drain(given);
    };
    return worker;
  };
  using _ = asCloudflare();
  const kick = new Kick(dabba, { budget: "25s" });
  await dabba.tasks.custom.enqueue({ name: "Ada" });
  const { now: real } = performance;
  performance.now = () => now;
  try {
    await kick.start();
  } finally {
    performance.now = real;
  }
  assertEquals(limits, [[25_000, true], [8_000, true]]);
});

Deno.test("withTasks() refuses kick options that no drain could use", async () => {
  await using dabba = greeter();
  for (
    const kick of [{ budget: "soon" }, { max: 0 }, { requests: 3 }, { concurrency: 0 }, {
      queues: [],
    }]
  ) {
    const error = assertThrows(() => withTasks(dabba, { kick }));
    assert(error instanceof TypeError || error instanceof RangeError);
  }
});
