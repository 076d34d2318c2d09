import { assert, assertEquals, assertObjectMatch } from "@std/assert";
import { defineTask, type TaskContext } from "@dabba/queue";
import { z } from "zod";
import { breaking, claims, renews } from "./faulty_broker.ts";
import { settle } from "./fake_clock.ts";
import { Rig } from "./rig.ts";

const n = z.number();

/** A task that ends when the test says so, and remembers how it was aborted. */
function gated() {
  const gate = Promise.withResolvers<string>();
  const contexts: TaskContext[] = [];
  const reasons: string[] = [];
  const task = defineTask("held", { input: n, backoff: ["1s"] }, (_, ctx) => {
    contexts.push(ctx);
    ctx.signal.addEventListener("abort", () => reasons.push(ctx.signal.reason.name));
    return gate.promise;
  });
  return { gate, contexts, reasons, task };
}

Deno.test("Worker.run() renews the lease while its handler runs, however long", async () => {
  const { gate, contexts, task } = gated();
  await using rig = new Rig({ task });
  const receipt = await rig.tasks.task.enqueue(1);
  const running = rig.run({ lease: "30s", polling: { min: "1m", max: "1m" } });
  await rig.clock.advance(600_000);
  const renewals = rig.broker.calls.filter(renews).length;
  assert(renewals >= 59 && renewals <= 62, `one renewal in ten seconds, not ${renewals}`);
  gate.resolve("done");
  await rig.until("succeeded");
  await running.stop();
  assertEquals(contexts.length, 1);
  assertObjectMatch(await receipt.status(), { state: "succeeded", crashes: 0, attempts: 1 });
});

Deno.test("Worker.run() renews hundreds of leases together", async () => {
  const { gate, task } = gated();
  await using rig = new Rig({ task });
  await rig.tasks.task.enqueueMany(Array.from({ length: 500 }, (_, i) => i));
  const running = rig.run({ concurrency: 500, lease: "3s", polling: { min: "1h", max: "1h" } });
  await rig.clock.advance(10_000);
  const renewals = rig.broker.calls.filter(renews);
  assert(renewals.length <= 11, `${renewals.length} requests for ten seconds of 500 leases`);
  assertEquals(rig.happened.filter(({ name }) => name !== "started"), []);
  gate.resolve("done");
  await settle();
  assertObjectMatch(await running.stop(), { claimed: 500, succeeded: 500, lost: 0 });
});

Deno.test("Worker.run() aborts a handler that lost its lease, and its late outcome is refused", async () => {
  const { gate, contexts, reasons, task } = gated();
  await using rig = new Rig({ task });
  const receipt = await rig.tasks.task.enqueue(1);
  const sleeper = rig.run({ lease: "10s", name: "sleeper" });
  await rig.until("started");
  rig.clock.leap(10_001);
  const thief = rig.run({ name: "thief" });
  await settle();
  await rig.clock.advance(300);
  assertEquals(contexts.map(({ fence }) => fence), [1, 2]);
  assertEquals(rig.all("leaseLost").map(({ id, worker, fence }) => [id, worker, fence]), [[
    receipt.id,
    "sleeper",
    1,
  ]]);
  assertEquals(reasons, ["LeaseLostError"]);
  gate.resolve("done");
  await rig.until("succeeded");
  assertObjectMatch(await sleeper.stop(), { succeeded: 0, lost: 1 });
  assertObjectMatch(await thief.stop(), { succeeded: 1, lost: 0 });
  const { state, crashes, attempts, history } = await receipt.status();
  assertEquals([state, crashes, attempts], ["succeeded", 1, 1]);
  assertObjectMatch(history[0]!, { kind: "crashed", worker: "sleeper" });
  assertEquals(rig.all("succeeded").map(({ worker }) => worker), ["thief"]);
});

Deno.test("a crash is dated by when another worker met it, not by when its attempt ended", async () => {
  const { gate, task } = gated();
  await using rig = new Rig({ task });
  const receipt = await rig.tasks.task.enqueue(1);
  rig.run({ lease: "10s", name: "sleeper" });
  await rig.until("started");
  rig.clock.leap(10_001);
  const thief = rig.run({ name: "thief" });
  await settle();
  const noticedAt = rig.clock.store();
  await rig.clock.advance(3_600_000);
  gate.resolve("done");
  await rig.until("succeeded");
  await thief.stop();
  const [crash] = (await receipt.status()).history;
  assertEquals([crash?.kind, crash?.at], ["crashed", new Date(noticedAt).toISOString()]);
});

Deno.test("Worker.run() tells of a lease lost at the very end, and counts no outcome", async () => {
  const { gate, task } = gated();
  await using rig = new Rig({ task });
  const receipt = await rig.tasks.task.enqueue(1);
  const running = rig.run({ lease: "10s", name: "w1" });
  await rig.until("started");
  await rig.dabba.cancel(receipt.id);
  gate.resolve("done");
  await rig.until("leaseLost");
  assertObjectMatch(await running.stop(), { succeeded: 0, lost: 1 });
  assertEquals(rig.names(), ["started", "leaseLost"]);
  assertEquals((await receipt.status()).state, "cancelled");
});

Deno.test("Dabba.cancel() aborts a running handler at its next renewal", async () => {
  const { contexts, reasons, task } = gated();
  await using rig = new Rig({ task });
  const receipt = await rig.tasks.task.enqueue(1);
  const running = rig.run({ lease: "30s" });
  await rig.until("started");
  assertEquals(await rig.dabba.cancel(receipt.id), true);
  await rig.clock.advance(10_001);
  assertEquals([contexts.length, reasons], [1, ["LeaseLostError"]]);
  assertObjectMatch(await running.stop(), { lost: 1, handedBack: 0 });
});

Deno.test("Worker.run() starts nothing of a claim whose reply came after the lease", async () => {
  const { contexts, task } = gated();
  await using rig = new Rig({ task });
  const receipt = await rig.tasks.task.enqueue(1);
  const asleep = () => rig.clock.leap(10_001);
  let slept = false;
  rig.broker.after = (call) => {
    if (claims(call) && !slept) slept = (asleep(), true);
  };
  const running = rig.run({ lease: "10s", concurrency: 1 });
  const event = await rig.until("released");
  assertObjectMatch(event, { id: receipt.id, task: "held", fence: 1 });
  await rig.until("started");
  await running.stop();
  assertEquals(contexts.map(({ fence, attempt }) => [fence, attempt]), [[2, 1]]);
});

Deno.test("Worker.run() renews in time what an outage brought late", async () => {
  const { gate, contexts, task } = gated();
  await using rig = new Rig({ task });
  await rig.tasks.task.enqueue(1);
  const options = { lease: "30s", concurrency: 2, polling: { min: 10, max: 10 } };
  const running = rig.run(options);
  await rig.until("started");
  const second = await rig.tasks.task.enqueue(2);
  // The claim is done, but its reply is lost for 20.6 seconds of trying.
  rig.broker.after = breaking(8, { only: claims });
  await rig.clock.advance(20_200);
  // The other lease is renewed just before, so that its next renewal comes too late for this one.
  contexts[0]!.progress("half");
  const thief = rig.run({ name: "thief" });
  await rig.clock.advance(60_000);
  gate.resolve("done");
  await settle();
  assertEquals((await thief.stop()).claimed, 0);
  const { claimed, succeeded, lost } = await running.stop();
  assertEquals([claimed, succeeded, lost], [2, 2, 0]);
  assertObjectMatch(await second.status(), { crashes: 0 });
});

Deno.test("TaskContext.progress() is seen while the handler runs, and travels seldom", async () => {
  const { gate, contexts, task } = gated();
  await using rig = new Rig({ task });
  const receipt = await rig.tasks.task.enqueue(1);
  const running = rig.run();
  await rig.until("started");
  const before = rig.broker.calls.filter(renews).length;
  for (let done = 1; done <= 100; done++) contexts[0]!.progress({ done });
  await rig.clock.advance(300);
  assertEquals((await receipt.status()).progress, { done: 100 });
  assertEquals(rig.broker.calls.filter(renews).length - before, 1, "they travel together");
  gate.resolve("done");
  await rig.until("succeeded");
  await running.stop();
});

Deno.test("TaskContext.progress() refuses what is not JSON, and more than 4 KiB", async () => {
  const { contexts, gate, task } = gated();
  await using rig = new Rig({ task });
  await rig.tasks.task.enqueue(1);
  const running = rig.run();
  await rig.until("started");
  const caught: string[] = [];
  for (const value of [1n, undefined, "x".repeat(4_096)]) {
    try {
      contexts[0]!.progress(value);
    } catch (error) {
      caught.push((error as Error).name);
    }
  }
  assertEquals(caught, ["UnserialisableError", "UnserialisableError", "RangeError"]);
  gate.resolve("done");
  await rig.until("succeeded");
  contexts[0]!.progress("too late, and no harm");
  await running.stop();
});

Deno.test("Worker.run() renews those leases alone that are due", async () => {
  const { gate, task } = gated();
  await using rig = new Rig({ task });
  const running = rig.run({ lease: "30s", polling: { min: 10, max: 10 } });
  await rig.tasks.task.enqueue(1);
  await rig.clock.advance(5_000);
  await rig.tasks.task.enqueue(2);
  await rig.clock.advance(60_000);
  const sizes = rig.broker.calls.filter(renews).map(({ args }) => args[0].extend.length);
  assert(sizes.length >= 11 && sizes.every((size) => size === 1), `renewed ${sizes}`);
  gate.resolve("done");
  await settle();
  await running.stop();
});

Deno.test("Worker.run() loses nothing when a renewal comes after the settle of its message", async () => {
  const { gate, contexts, task } = gated();
  await using rig = new Rig({ task });
  const receipt = await rig.tasks.task.enqueue(1);
  const running = rig.run({ lease: "30s" });
  await rig.until("started");
  const late = Promise.withResolvers<void>();
  rig.broker.before = (call) => renews(call) ? late.promise : undefined;
  contexts[0]!.progress("half");
  await rig.clock.advance(300);
  gate.resolve("done");
  await rig.until("succeeded");
  // The store no longer knows that claim, and says so.
  late.resolve();
  assertObjectMatch(await running.stop(), { succeeded: 1, lost: 0 });
  assertEquals(rig.names(receipt.id), ["started", "succeeded"]);
});

Deno.test("Worker.run() sends nothing for progress whose handler has ended meanwhile", async () => {
  const { gate, contexts, task } = gated();
  await using rig = new Rig({ task });
  await rig.tasks.task.enqueue(1);
  const running = rig.run({ polling: { min: "1h", max: "1h" } });
  await rig.until("started");
  contexts[0]!.progress("half");
  gate.resolve("done");
  await rig.until("succeeded");
  const calls = rig.broker.calls.length;
  await rig.clock.advance(10_000);
  assertEquals(rig.broker.calls.length, calls);
  await running.stop();
});
