import { assertEquals, assertObjectMatch, assertRejects } from "@std/assert";
import { BrokerError, defineTask, type TaskContext } from "@dabba/queue";
import { z } from "zod";
import { claims, refused, settles } from "./faulty_broker.ts";
import { settle } from "./fake_clock.ts";
import { Rig } from "./rig.ts";

const n = z.number();

/** A task that ends when the test says so, however its signal stands. */
function gated() {
  const gates: PromiseWithResolvers<string>[] = [];
  const contexts: TaskContext[] = [];
  const task = defineTask("held", { input: n, backoff: ["1s"] }, (_, ctx) => {
    contexts.push(ctx);
    const gate = Promise.withResolvers<string>();
    gates.push(gate);
    return gate.promise;
  });
  return { gates, contexts, task };
}

Deno.test("Worker.run() stops at once when it is idle", async () => {
  const { task } = gated();
  await using rig = new Rig({ task });
  const running = rig.run({ polling: { min: "1h", max: "1h" } });
  await rig.clock.advance(1_000);
  await running.stop();
  assertEquals([rig.clock.now(), rig.clock.timers], [1_000, 0]);
});

Deno.test("Worker.run() does nothing when its signal has aborted before", async () => {
  const { task } = gated();
  await using rig = new Rig({ task });
  await rig.tasks.task.enqueue(1);
  const summary = await rig.worker().run({ signal: AbortSignal.abort() });
  assertEquals([summary.claimed, rig.broker.count("exchange"), rig.clock.timers], [0, 0, 0]);
});

Deno.test("Worker.run() lets handlers end within the grace, and takes nothing more", async () => {
  const { gates, contexts, task } = gated();
  await using rig = new Rig({ task });
  const receipts = await rig.tasks.task.enqueueMany([1, 2, 3]);
  const running = rig.run({ concurrency: 2, grace: "4s" });
  await rig.until("started", 2);
  running.abort();
  await rig.clock.advance(2_900);
  assertEquals(contexts.map(({ signal }) => signal.aborted), [false, false]);
  gates.forEach((gate) => gate.resolve("done"));
  assertObjectMatch(await running.stop(), { claimed: 2, succeeded: 2, handedBack: 0 });
  assertEquals(rig.clock.timers, 0);
  const states = await Promise.all(receipts.map(async (one) => (await one.status()).state));
  assertEquals(states, ["succeeded", "succeeded", "ready"]);
});

Deno.test("Worker.run() hands back what has not ended in time, with no attempt and no crash", async () => {
  const { gates, contexts, task } = gated();
  await using rig = new Rig({ task });
  const receipt = await rig.tasks.task.enqueue(1);
  const running = rig.run({ grace: "4s", lease: "1h" });
  await rig.until("started");
  const begunAt = rig.clock.now();
  assertObjectMatch(await running.stop(), { handedBack: 1, retried: 0, lost: 0 });
  assertEquals(rig.clock.now() - begunAt, 3_000);
  assertEquals(contexts[0]!.signal.reason.name, "WorkerStopping");
  assertEquals(rig.names(receipt.id), ["started", "released"]);
  assertObjectMatch(await receipt.status(), { state: "ready", attempts: 0, crashes: 0 });
  gates[0]!.resolve("nobody listens any more");
  const next = rig.run();
  await rig.until("started", 2);
  assertEquals(contexts.map(({ attempt, fence }) => [attempt, fence]), [[1, 1], [1, 2]]);
  gates[1]!.resolve("done");
  await rig.until("succeeded");
  await next.stop();
});

Deno.test("Worker.run() hands back a handler that says itself that it was stopped", async () => {
  const polite = defineTask("polite", { input: n, backoff: [] }, async (_, { signal }) => {
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  });
  await using rig = new Rig({ polite });
  const receipt = await rig.tasks.polite.enqueue(1);
  const running = rig.run();
  await rig.until("started");
  assertObjectMatch(await running.stop(), { handedBack: 1, dead: 0 });
  assertObjectMatch(await receipt.status(), { state: "ready", attempts: 0 });
});

Deno.test("Worker.run() starts nothing that comes after it was told to stop, and hands it back", async () => {
  const { contexts, task } = gated();
  await using rig = new Rig({ task });
  const receipt = await rig.tasks.task.enqueue(1);
  const reply = Promise.withResolvers<void>();
  rig.broker.after = (call) => claims(call) ? reply.promise : undefined;
  const running = rig.run({ lease: "1h" });
  await settle();
  running.abort();
  // After the moment at which the handlers are aborted: this one would run for ever.
  await rig.clock.advance(3_500);
  reply.resolve();
  assertObjectMatch(await running.stop(), { claimed: 1, handedBack: 1 });
  assertEquals(contexts, []);
  assertObjectMatch(rig.all("released")[0]!, { id: receipt.id, task: "held" });
  assertObjectMatch(await receipt.status(), { state: "ready", attempts: 0, crashes: 0 });
});

Deno.test("Worker.run() claims nothing once it was told to stop during a probe", async () => {
  const { task } = gated();
  await using rig = new Rig({ task });
  const reply = Promise.withResolvers<void>();
  const running = rig.run({ polling: { min: 100, max: 1_000 } });
  await rig.clock.advance(5_000);
  rig.broker.before = (call) => call.operation === "probe" ? reply.promise : undefined;
  await rig.clock.advance(5_000);
  const receipt = await rig.tasks.task.enqueue(1);
  const before = rig.broker.calls.filter(claims).length;
  running.abort();
  reply.resolve();
  await running.stop();
  assertEquals(rig.broker.calls.filter(claims).length, before);
  assertEquals((await receipt.status()).state, "ready");
});

Deno.test("Worker.run() ends with the store's refusal, and first finishes what runs", async () => {
  const { gates, contexts, task } = gated();
  await using rig = new Rig({ task });
  const receipt = await rig.tasks.task.enqueue(1);
  const running = rig.run({ concurrency: 2 });
  await rig.until("started");
  rig.broker.before = (call) => {
    if (claims(call) && !settles(call)) throw refused("exchange");
  };
  await rig.clock.advance(2_000);
  assertEquals(contexts[0]!.signal.aborted, false);
  gates[0]!.resolve("done");
  const error = await assertRejects(() => rig.clock.until(running.done), BrokerError);
  assertEquals(error.retryable, false);
  assertEquals((await receipt.status()).state, "succeeded");
  assertEquals(rig.clock.timers, 0);
});

Deno.test("Worker.run() may be called again, one run after the other", async () => {
  const { gates, task } = gated();
  await using rig = new Rig({ task });
  const worker = rig.worker();
  for (let round = 0; round < 2; round++) {
    await rig.tasks.task.enqueue(round);
    const controller = new AbortController();
    const done = worker.run({ signal: controller.signal });
    await rig.until("started", round + 1);
    gates[round]!.resolve("done");
    await rig.until("succeeded", round + 1);
    controller.abort();
    assertObjectMatch(await rig.clock.until(done), { claimed: 1, succeeded: 1 });
  }
});

Deno.test("Worker.run() with no grace hands back at once", async () => {
  const { task } = gated();
  await using rig = new Rig({ task });
  const receipt = await rig.tasks.task.enqueue(1);
  const running = rig.run({ grace: 0 });
  await rig.until("started");
  const begunAt = rig.clock.now();
  assertObjectMatch(await running.stop(), { handedBack: 1 });
  assertEquals(rig.clock.now(), begunAt);
  assertEquals((await receipt.status()).state, "ready");
});

Deno.test("Worker.run() and drain() leave no listener on the signal that they were given", async () => {
  const { task } = gated();
  await using rig = new Rig({ task });
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener: add, removeEventListener: remove } = signal;
  signal.addEventListener = (
    ...args: Parameters<typeof add>
  ) => (listeners++, add.apply(signal, args));
  signal.removeEventListener = (
    ...args: Parameters<typeof remove>
  ) => (listeners--, remove.apply(signal, args));
  for (let i = 0; i < 3; i++) await rig.clock.until(rig.worker().drain({ signal }));
  assertEquals(listeners, 0);
});
