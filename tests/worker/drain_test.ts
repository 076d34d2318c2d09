import { assert, assertEquals, assertObjectMatch, assertRejects } from "@std/assert";
import { defineTask, type TaskContext } from "@dabba/queue";
import { z } from "zod";
import { claims } from "./faulty_broker.ts";
import { settle } from "./fake_clock.ts";
import { Rig } from "./rig.ts";

const n = z.number();

/** A rig whose tasks take as long as they are told, with and without a declared timeout. */
function lastingRig() {
  const started: string[] = [];
  const last = (ms: number, ctx: TaskContext) => {
    started.push(`${ctx.task} ${ms}`);
    return new Promise<void>((resolve) => void clock.timer(ms, resolve));
  };
  const open = defineTask("open", { input: n, backoff: ["1m"] }, last);
  const limited = defineTask("limited", { input: n, backoff: ["1m"], timeout: "20s" }, last);
  const rig = new Rig({ open, limited });
  const { clock } = rig;
  return Object.assign(rig, { started });
}

Deno.test("Worker.drain() returns at once when nothing is due, for the price of one probe", async () => {
  await using rig = lastingRig();
  const summary = await rig.clock.until(rig.worker().drain());
  assertObjectMatch(summary, { ended: "empty", claimed: 0 });
  assertEquals(rig.broker.calls.map(({ operation }) => operation), ["probe"]);
  assertEquals([rig.clock.now(), rig.clock.timers], [0, 0]);
});

Deno.test("Worker.drain() leaves what is due later", async () => {
  await using rig = lastingRig();
  await rig.tasks.open.enqueue(1, { delay: "1m" });
  const summary = await rig.clock.until(rig.worker().drain());
  assertObjectMatch(summary, { ended: "empty", claimed: 0 });
  assertEquals(rig.clock.now(), 0);
});

Deno.test("Worker.drain() runs all that is due, then returns", async () => {
  await using rig = lastingRig();
  await rig.tasks.open.enqueueMany(Array.from({ length: 25 }, (_, i) => i));
  const summary = await rig.clock.until(rig.worker({ concurrency: 10 }).drain());
  assertObjectMatch(summary, { ended: "empty", claimed: 25, succeeded: 25 });
  assertEquals(rig.clock.timers, 0);
});

Deno.test("Worker.drain() spends no attempt of a handler that had less than half of the budget", async () => {
  await using rig = lastingRig();
  await rig.tasks.open.enqueue(30_000);
  const receipt = await rig.tasks.open.enqueue(60_000);
  const summary = await rig.clock.until(rig.worker({ concurrency: 1 }).drain({ budget: "50s" }));
  assertObjectMatch(summary, { ended: "budget", succeeded: 1, handedBack: 1, retried: 0 });
  assertObjectMatch(await receipt.status(), { state: "ready", attempts: 0, crashes: 0 });
  assertEquals([rig.clock.now() <= 50_000, rig.clock.timers], [true, 1]);
});

Deno.test("Worker.drain() fails an attempt that ate half of the budget", async () => {
  await using rig = lastingRig();
  const receipt = await rig.tasks.open.enqueue(3_600_000);
  const summary = await rig.clock.until(rig.worker().drain({ budget: "50s" }));
  assertObjectMatch(summary, { ended: "budget", retried: 1, handedBack: 0 });
  const { state, attempts, history } = await receipt.status();
  assertEquals([state, attempts, history[0]?.kind], ["scheduled", 1, "timed_out"]);
});

Deno.test("Worker.drain() spends no attempt when it was told to stop", async () => {
  await using rig = lastingRig();
  const receipt = await rig.tasks.open.enqueue(3_600_000);
  const controller = new AbortController();
  const draining = rig.worker().drain({ budget: "50s", signal: controller.signal });
  await rig.clock.advance(40_000);
  controller.abort();
  const summary = await rig.clock.until(draining);
  assertObjectMatch(summary, { ended: "stopped", retried: 0, handedBack: 1 });
  assertObjectMatch(await receipt.status(), { state: "ready", attempts: 0 });
});

Deno.test("Worker.drain() says that it was stopped when its signal has aborted before", async () => {
  await using rig = lastingRig();
  await rig.tasks.open.enqueue(1);
  const summary = await rig.worker().drain({ signal: AbortSignal.abort() });
  assertObjectMatch(summary, { ended: "stopped", claimed: 0 });
  assertEquals([rig.broker.count("exchange"), rig.clock.timers], [0, 0]);
});

Deno.test("Worker.drain() skips a task whose declared timeout does not fit the time left", async () => {
  await using rig = lastingRig();
  const receipt = await rig.tasks.limited.enqueue(10);
  const summary = await rig.clock.until(rig.worker().drain({ budget: "20s" }));
  assertObjectMatch(summary, { ended: "empty", claimed: 1, handedBack: 1 });
  assertObjectMatch(rig.all("skipped")[0]!, { id: receipt.id, timeoutMs: 20_000 });
  assertObjectMatch(await receipt.status(), { state: "scheduled", attempts: 0, crashes: 0 });
  assertEquals(rig.started, []);
  await rig.clock.advance(20_000);
  const next = await rig.clock.until(rig.worker().drain({ budget: "50s" }));
  assertObjectMatch(next, { ended: "empty", succeeded: 1 });
  assertEquals(rig.started, ["limited 10"]);
});

Deno.test("Worker.drain() takes no more than it was told to", async () => {
  await using rig = lastingRig();
  await rig.tasks.open.enqueueMany([1, 2, 3, 4, 5, 6, 7]);
  const summary = await rig.clock.until(rig.worker({ concurrency: 2 }).drain({ max: 3 }));
  assertObjectMatch(summary, { ended: "max", claimed: 3, succeeded: 3 });
  assertEquals(rig.started.length, 3);
});

for (const max of [0, -1, 1.5, NaN, Infinity]) {
  Deno.test(`Worker.drain() refuses a max of ${max} before any I/O`, async () => {
    await using rig = lastingRig();
    await assertRejects(() => rig.worker().drain({ max }), RangeError, "max");
    assertEquals([rig.broker.calls.length, rig.clock.timers], [0, 0]);
  });
}

Deno.test("Worker.drain() refuses a budget that is no duration", async () => {
  await using rig = lastingRig();
  await assertRejects(() => rig.worker().drain({ budget: "soon" }), TypeError, "budget");
  await assertRejects(() => rig.worker().drain({ budget: -1 }), RangeError, "budget");
  await assertRejects(() => rig.worker().drain({ budget: NaN }), RangeError, "budget");
  await assertRejects(() => rig.worker().drain({ budget: 0 }), RangeError, "budget");
  assertEquals([rig.broker.calls.length, rig.clock.timers], [0, 0]);
});

Deno.test("Worker.drain() runs what its handlers enqueue meanwhile", async () => {
  const depths: number[] = [];
  const nest = defineTask("nest", { input: n }, async (depth: number): Promise<void> => {
    depths.push(depth);
    if (depth > 0) await enqueue(depth - 1);
  });
  await using rig = new Rig({ nest });
  const enqueue = (depth: number) => rig.tasks.nest.enqueue(depth);
  await enqueue(10);
  const summary = await rig.clock.until(rig.worker().drain());
  assertObjectMatch(summary, { ended: "empty", claimed: 11, succeeded: 11 });
  assertEquals(depths, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
});

Deno.test("Worker.drain() shares its work with another drain, each message once", async () => {
  await using rig = lastingRig();
  const inputs = Array.from({ length: 100 }, (_, i) => i);
  await rig.tasks.open.enqueueMany(inputs);
  const worker = rig.worker({ concurrency: 5 });
  const both = await rig.clock.until(Promise.all([worker.drain(), worker.drain()]));
  const [one, other] = both.map(({ succeeded }) => succeeded);
  assertEquals([one! + other!, one! > 0 && other! > 0], [100, true]);
  assertEquals(rig.started.toSorted(), inputs.map((i) => `open ${i}`).toSorted());
});

Deno.test("Worker.drain() with a thousand permits runs ten thousand messages, each once", async () => {
  let runs = 0;
  const count = defineTask("count", { input: n }, () => void runs++);
  await using rig = new Rig({ count });
  await rig.tasks.count.enqueueMany(Array.from({ length: 10_000 }, (_, i) => i));
  const summary = await rig.clock.until(rig.worker({ concurrency: 1_000 }).drain());
  assertObjectMatch(summary, { ended: "empty", claimed: 10_000, succeeded: 10_000, lost: 0 });
  assertEquals(runs, 10_000);
  const looks = rig.broker.calls.filter(claims).length;
  assert(looks < 60, `${looks} exchanges for ten batches`);
});

Deno.test("Worker.drain() ends in its budget while a handler that ignores its signal goes on", async () => {
  const deaf = defineTask("deaf", { input: n }, () => new Promise<void>(() => {}));
  await using rig = new Rig({ deaf });
  await rig.tasks.deaf.enqueueMany([1, 2]);
  const summary = await rig.clock.until(rig.worker({ concurrency: 1 }).drain({ budget: "10s" }));
  assertEquals([summary.ended, summary.claimed], ["budget", 1]);
  assert(rig.clock.now() <= 10_000);
  await settle();
  assertEquals(rig.clock.timers, 0);
});

Deno.test("Worker.drain() starts nothing that comes after its time, whatever its timers do", async () => {
  await using rig = lastingRig();
  const receipt = await rig.tasks.open.enqueue(1);
  rig.broker.after = (call) => claims(call) ? rig.clock.leap(19_000) : undefined;
  const summary = await rig.clock.until(rig.worker({ lease: "1h" }).drain({ budget: "20s" }));
  assertObjectMatch(summary, { claimed: 1, handedBack: 1, ended: "budget" });
  assertEquals(rig.started, []);
  assertObjectMatch(await receipt.status(), { state: "ready", attempts: 0 });
});
