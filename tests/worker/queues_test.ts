import { assert, assertEquals, assertThrows } from "@std/assert";
import { defineTask } from "@dabba/queue";
import { z } from "zod";
import { queueOrder } from "../../src/worker/queue_order.ts";
import { claims } from "./faulty_broker.ts";
import { Rig } from "./rig.ts";

const n = z.number();

/** A rig whose tasks note the order in which they ran, one for each queue. */
function orderly() {
  const order: string[] = [];
  const run = (input: number, { queue }: { queue: string }) => void order.push(`${queue}${input}`);
  const a = defineTask("a", { input: n, queue: "a" }, run);
  const b = defineTask("b", { input: n, queue: "b" }, run);
  return Object.assign(new Rig({ a, b }), { order });
}

Deno.test("Worker.run() serves its queues in the order of a list, strictly", async () => {
  await using rig = orderly();
  await rig.tasks.b.enqueueMany([1, 2]);
  await rig.tasks.a.enqueueMany([1, 2]);
  const running = rig.run({ queues: ["b", "a"], concurrency: 1 });
  await rig.until("succeeded", 4);
  await running.stop();
  assertEquals(rig.order, ["b1", "b2", "a1", "a2"]);
});

Deno.test("Worker.run() serves no other queue than its own", async () => {
  await using rig = orderly();
  await rig.tasks.a.enqueue(1);
  await rig.tasks.b.enqueue(1);
  const running = rig.run({ queues: ["b"] });
  await rig.clock.advance(60_000);
  await running.stop();
  assertEquals(rig.order, ["b1"]);
});

Deno.test("Worker.run() shares a claim between queues by their weights, and starves none", async () => {
  await using rig = orderly();
  await rig.tasks.a.enqueueMany(Array.from({ length: 400 }, (_, i) => i));
  await rig.tasks.b.enqueueMany(Array.from({ length: 400 }, (_, i) => i));
  let draw = 1;
  // Park and Miller's generator: the same draws in every run.
  rig.clock.random = () => (draw = draw * 48_271 % 2_147_483_647) / 2_147_483_647;
  const running = rig.run({ queues: { a: 3, b: 1 }, concurrency: 1, prefetch: false });
  await rig.until("succeeded", 400);
  const share = rig.order.slice(0, 400).filter((one) => one.startsWith("a")).length / 400;
  await running.stop();
  assert(share > 0.65 && share < 0.85, `three of four, not ${share}`);
});

Deno.test("queueOrder() draws the first queue in proportion to its weight", () => {
  const order = queueOrder({ mail: 6, reports: 3, rest: 1 });
  const first: Record<string, number> = { mail: 0, reports: 0, rest: 0 };
  for (let draw = 0; draw < 20_000; draw++) {
    const queues = order(Math.random);
    assertEquals(queues.toSorted(), ["mail", "reports", "rest"]);
    first[queues[0]!]!++;
  }
  for (const [queue, share] of [["mail", 0.6], ["reports", 0.3], ["rest", 0.1]] as const) {
    assert(Math.abs(first[queue]! / 20_000 - share) < 0.03, `${queue}: ${first[queue]}`);
  }
});

Deno.test("queueOrder() refuses a weight that is not above zero", () => {
  for (const weight of [0, -1, NaN, Infinity, "3" as never]) {
    assertThrows(() => queueOrder({ mail: weight }), RangeError, "mail");
  }
});

Deno.test("Worker.run() serves the lanes of a queue in order", async () => {
  await using rig = orderly();
  await rig.tasks.a.enqueue(1, { priority: "low" });
  await rig.tasks.a.enqueue(2);
  await rig.tasks.a.enqueue(3, { priority: "high" });
  await rig.tasks.a.enqueue(4, { priority: "high" });
  const running = rig.run({ concurrency: 1 });
  await rig.until("succeeded", 4);
  await running.stop();
  assertEquals(rig.order, ["a3", "a4", "a2", "a1"]);
});

for (const concurrency of [1, 3, 50]) {
  Deno.test(`Worker.run() never runs more than ${concurrency} at once, and no fewer while it can`, async () => {
    let running = 0;
    let most = 0;
    const work = defineTask("work", { input: n }, async (ms) => {
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => void rig.clock.timer(ms, resolve));
      running--;
    });
    const rig: Rig<{ work: typeof work }> = new Rig({ work });
    await using _ = rig;
    await rig.tasks.work.enqueueMany(Array.from({ length: 200 }, (_, i) => (i * 37) % 100));
    const worker = rig.run({ concurrency });
    await rig.until("succeeded", 200);
    await worker.stop();
    assertEquals([running, most], [0, concurrency]);
    for (const { args } of rig.broker.calls.filter(claims)) {
      assert(args[0].claim!.max <= concurrency);
    }
  });
}

Deno.test("Worker.run() frees a permit when a handler fails, times out or loses its lease", async () => {
  const work = defineTask("work", { input: z.string(), timeout: "1s", backoff: [] }, (how) => {
    if (how === "fail") throw new Error("no");
    return how === "hang" ? new Promise<void>(() => {}) : undefined;
  });
  await using rig = new Rig({ work });
  await rig.tasks.work.enqueueMany(["fail", "hang", "fail", "hang", "end"]);
  const running = rig.run({ concurrency: 1 });
  await rig.until("succeeded");
  await running.stop();
  assertEquals([rig.all("dead").length, rig.all("succeeded").length], [4, 1]);
});
