import { assertEquals, assertObjectMatch, assertRejects } from "@std/assert";
import { BrokerError, defineTask } from "@dabba/queue";
import { z } from "zod";
import { breaking, type Call, claims, renews, settles } from "./faulty_broker.ts";
import { noting } from "./noting.ts";
import { Rig } from "./rig.ts";

const n = z.number();

/** How often each message was started, or what else was told of it. */
function tally(rig: Rig<{ readonly task: object }>, name: string): number[] {
  const counts = new Map<string, number>();
  for (const { name: told, event } of rig.happened) {
    if (told !== name || !("id" in event)) continue;
    counts.set(event.id, (counts.get(event.id) ?? 0) + 1);
  }
  return [...counts.values()];
}

Deno.test("Worker.run() starts each message once when the reply of its claim is lost", async () => {
  const { inputs, task } = noting();
  await using rig = new Rig({ task });
  await rig.tasks.task.enqueueMany([1, 2, 3, 4, 5]);
  rig.broker.after = breaking(3, { only: claims });
  const running = rig.run({ concurrency: 3 });
  await rig.until("succeeded", 5);
  assertObjectMatch(await running.stop(), { claimed: 5, succeeded: 5, lost: 0 });
  assertEquals(inputs.toSorted(), [1, 2, 3, 4, 5]);
  assertEquals(tally(rig, "started"), [1, 1, 1, 1, 1]);
});

Deno.test("Worker.run() asks for the same batch again: same channel, same number", async () => {
  const { task } = noting();
  await using rig = new Rig({ task });
  await rig.tasks.task.enqueue(1);
  rig.broker.after = breaking(2, { only: claims });
  const running = rig.run();
  await rig.until("succeeded");
  await running.stop();
  const asked = rig.broker.calls.filter(claims).slice(0, 3).map(({ args }) => args[0]);
  assertEquals(asked[1], asked[0]);
  assertEquals(asked[2], asked[0]);
});

Deno.test("Worker.run() counts an outcome once when the reply of its settle is lost", async () => {
  const { inputs, task } = noting();
  await using rig = new Rig({ task });
  const receipt = await rig.tasks.task.enqueue(7);
  rig.broker.after = breaking(3, { only: settles });
  const running = rig.run();
  await rig.until("succeeded");
  assertObjectMatch(await running.stop(), { claimed: 1, succeeded: 1, lost: 0 });
  assertEquals([inputs, rig.names()], [[7], ["started", "outage", "recovered", "succeeded"]]);
  assertObjectMatch(await receipt.status(), { state: "succeeded", attempts: 1, crashes: 0 });
});

Deno.test("Worker.run() counts a failure once when the reply of its settle is lost", async () => {
  const fail = defineTask("fail", { input: n, backoff: ["1s", "1s"] }, () => {
    throw new Error("no");
  });
  await using rig = new Rig({ task: fail });
  const receipt = await rig.tasks.task.enqueue(1);
  rig.broker.after = breaking(1, { only: settles });
  const running = rig.run();
  await rig.until("dead");
  assertObjectMatch(await running.stop(), { claimed: 3, retried: 2, dead: 1, lost: 0 });
  assertObjectMatch(await receipt.status(), { attempts: 3 });
  assertEquals(tally(rig, "retried"), [2]);
});

Deno.test("Worker.run() keeps a lease when the reply of its renewal is lost", async () => {
  const gate = Promise.withResolvers<void>();
  const held = defineTask("held", { input: n }, () => gate.promise);
  await using rig = new Rig({ task: held });
  const receipt = await rig.tasks.task.enqueue(1);
  rig.broker.after = breaking(5, { only: renews });
  const running = rig.run({ lease: "30s" });
  await rig.clock.advance(120_000);
  gate.resolve();
  await rig.until("succeeded");
  assertObjectMatch(await running.stop(), { succeeded: 1, lost: 0 });
  assertObjectMatch(await receipt.status(), { crashes: 0, attempts: 1 });
});

for (const [what, only] of Object.entries({ claims, settles, renews, every: () => true })) {
  Deno.test(`Worker.run() takes no harm from exchanges that are done twice: ${what}`, async () => {
    const { inputs, task } = noting();
    await using rig = new Rig({ task });
    rig.broker.twice = (call: Call) => call.operation === "exchange" && only(call);
    await rig.tasks.task.enqueueMany(Array.from({ length: 50 }, (_, i) => i));
    const running = rig.run({ concurrency: 4 });
    await rig.until("succeeded", 50);
    assertObjectMatch(await running.stop(), { claimed: 50, succeeded: 50, lost: 0 });
    assertEquals(inputs.toSorted((a, b) => a - b), Array.from({ length: 50 }, (_, i) => i));
  });
}

Deno.test("Worker.run() does each message once while one reply in three is lost", async () => {
  const { inputs, task } = noting();
  await using rig = new Rig({ task });
  await rig.tasks.task.enqueueMany(Array.from({ length: 200 }, (_, i) => i));
  let calls = 0;
  rig.broker.after = (call) => {
    if (++calls % 3 === 0) throw new BrokerError(call.operation, "lost", { retryable: true });
  };
  const running = rig.run({ concurrency: 10 });
  await rig.until("succeeded", 200);
  assertObjectMatch(await running.stop(), { claimed: 200, succeeded: 200, lost: 0 });
  assertEquals(inputs.length, 200);
});

// A probe, the first claim, and one more exchange for every two messages.
for (let position = 0; position < 5; position++) {
  Deno.test(`Worker.drain() does each message once when the reply of call ${position} is lost`, async () => {
    const { inputs, task } = noting();
    await using rig = new Rig({ task });
    await rig.tasks.task.enqueueMany([1, 2, 3, 4, 5]);
    const first = rig.broker.calls.length;
    let broken = false;
    rig.broker.after = (call) => {
      if (broken || rig.broker.calls.length - 1 !== first + position) return;
      broken = true;
      throw new BrokerError(call.operation, "lost", { retryable: true });
    };
    const summary = await rig.clock.until(rig.worker({ concurrency: 2 }).drain());
    assertObjectMatch(summary, { claimed: 5, succeeded: 5, lost: 0, ended: "empty" });
    assertEquals([broken, inputs.toSorted()], [true, [1, 2, 3, 4, 5]]);
  });
}

Deno.test("Worker.drain() leaves to its lease what it never heard that it had claimed", async () => {
  const { inputs, task } = noting();
  await using rig = new Rig({ task });
  const receipt = await rig.tasks.task.enqueue(1);
  rig.broker.after = breaking(Infinity, { only: claims });
  const draining = rig.worker({ lease: "30s" }).drain({ budget: "10s" });
  await assertRejects(() => rig.clock.until(draining), BrokerError);
  assertEquals(inputs, []);
  rig.broker.after = () => {};
  const running = rig.run();
  await rig.until("succeeded");
  await running.stop();
  assertObjectMatch(await receipt.status(), { state: "succeeded", crashes: 1, attempts: 1 });
});

Deno.test("Enqueuer.enqueue() rejects when the reply of its push is lost, and an id makes a repetition safe", async () => {
  const { inputs, task } = noting();
  await using rig = new Rig({ task });
  rig.broker.after = breaking(1, { only: ({ operation }) => operation === "push" });
  await assertRejects(() => rig.tasks.task.enqueue(1, { id: "order-1" }), BrokerError);
  const again = await rig.tasks.task.enqueue(1, { id: "order-1" });
  assertEquals([again.id, again.disposition], ["order-1", "duplicate"]);
  assertObjectMatch(await rig.clock.until(rig.worker().drain()), { claimed: 1, succeeded: 1 });
  assertEquals(inputs, [1]);
});
