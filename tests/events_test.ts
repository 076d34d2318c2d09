// deno-lint-ignore-file no-console -- what goes to the console is what is tested
import { assertEquals, assertObjectMatch, assertThrows } from "@std/assert";
import { Dabba, type DabbaEvents, DeferError, defineTask, RejectError } from "@dabba/queue";
import { sqliteBroker } from "@dabba/queue/sqlite";
import { z } from "zod";
import { Events } from "../src/events.ts";
import { Rig } from "./worker/rig.ts";

const n = z.number();

/** Silences the console, and gives what was told it. */
function quiet(): Disposable & { readonly told: unknown[][] } {
  const { error } = console;
  const told: unknown[][] = [];
  console.error = (...args) => void told.push(args);
  return { told, [Symbol.dispose]: () => void (console.error = error) };
}

Deno.test("Events.emit() goes on when a listener throws, and says so", () => {
  using console = quiet();
  const events = new Events();
  const heard: string[] = [];
  events.on("expired", () => {
    throw new Error("a broken logger");
  });
  events.on("expired", ({ id }) => void heard.push(id));
  events.emit("expired", { id: "m1" } as DabbaEvents["expired"]);
  assertEquals(heard, ["m1"]);
  assertEquals(console.told.length, 1);
});

Deno.test("Events.emit() catches what an asynchronous listener rejects with", async () => {
  using console = quiet();
  const events = new Events({ expired: () => Promise.reject(new Error("a broken logger")) });
  events.emit("expired", { id: "m1" } as DabbaEvents["expired"]);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(console.told.length, 1);
});

Deno.test("Events.on() gives a function that takes the listener away", () => {
  const events = new Events();
  const heard: string[] = [];
  const off = events.on("expired", ({ id }) => void heard.push(id));
  events.emit("expired", { id: "m1" } as DabbaEvents["expired"]);
  assertEquals(events.has("expired"), true);
  off();
  off();
  events.emit("expired", { id: "m2" } as DabbaEvents["expired"]);
  assertEquals([heard, events.has("expired")], [["m1"], false]);
});

Deno.test("Events.on() refuses what is no function", () => {
  const events = new Events();
  assertThrows(() => events.on("expired", "log" as never), TypeError, "expired");
  assertThrows(() => new Events({ dead: 7 as never }), TypeError, "dead");
});

Deno.test("DabbaEvents of a message come in the order of its life, each with what it is about", async () => {
  const work = defineTask("work", { input: n, backoff: ["1s"], queue: "q" }, (_, ctx) => {
    if (ctx.fence === 1) throw new DeferError({ delay: "1s" });
    if (ctx.attempt === 1) throw new Error("no");
  });
  await using rig = new Rig({ work });
  await rig.tasks.work.enqueue(1, { id: "m1", delay: "5s" });
  const running = rig.run({ name: "w1" });
  await rig.until("succeeded");
  await running.stop();
  assertEquals(rig.names("m1"), [
    ...["started", "deferred", "started", "retried", "started", "succeeded"],
  ]);
  const about = { id: "m1", task: "work", queue: "q", worker: "w1" };
  const told = rig.happened.map(({ event }) => event) as unknown as Record<string, unknown>[];
  for (const [i, event] of told.entries()) {
    assertObjectMatch(event, { ...about, fence: 1 + Math.floor(i / 2), attempt: i < 4 ? 1 : 2 });
  }
  assertObjectMatch(told[0]!, { waitedMs: 5_000 });
  assertObjectMatch(told[1]!, { delayMs: 1_000 });
  assertObjectMatch(told[3]!, { delayMs: 1_000, durationMs: 0, error: { message: "no" } });
  assertEquals(told[5], { ...about, fence: 3, attempt: 2, durationMs: 0 });
});

Deno.test("DabbaEvents never hold a message's input or output", async () => {
  const secret = "s3cret-payload";
  const work = defineTask("work", { input: z.string() }, (input) => {
    if (input.endsWith("bad")) throw new RejectError("no");
    return input;
  });
  await using rig = new Rig({ work });
  await rig.tasks.work.enqueueMany([secret, secret + "bad"]);
  const running = rig.run();
  await rig.until("succeeded");
  await rig.until("dead");
  await running.stop();
  assertEquals(JSON.stringify(rig.happened).includes(secret), false);
});

Deno.test("DabbaEvents.enqueued tells of each message, and of duplicates", async () => {
  const note = defineTask("note", { input: n }, () => {});
  const told: unknown[] = [];
  await using dabba = new Dabba({
    broker: sqliteBroker({ path: ":memory:" }),
    tasks: { note },
    on: { enqueued: (event) => void told.push(event) },
  });
  const about = { id: "m1", task: "note", queue: "default" };
  await dabba.tasks.note.enqueue(1, { id: "m1" });
  await dabba.tasks.note.enqueue(1, { id: "m1" });
  assertEquals(told, [
    { ...about, disposition: "enqueued" },
    { ...about, disposition: "duplicate" },
  ]);
});

Deno.test("Worker.run() takes no harm from listeners that throw at every event", async () => {
  using console = quiet();
  const work = defineTask("work", { input: n, backoff: ["1s"] }, (_, { attempt }) => {
    if (attempt === 1) throw new Error("no");
  });
  await using rig = new Rig({ work });
  for (const name of ["started", "retried", "succeeded"] as const) {
    rig.events.on(name, () => {
      throw new Error("a broken logger");
    });
    rig.events.on(name, () => Promise.reject(new Error("another")));
  }
  const receipt = await rig.tasks.work.enqueue(1);
  const running = rig.run();
  await rig.until("succeeded");
  assertObjectMatch(await running.stop(), { succeeded: 1, retried: 1 });
  assertEquals([(await receipt.status()).state, console.told.length], ["succeeded", 8]);
});
