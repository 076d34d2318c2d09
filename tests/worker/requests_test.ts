/** What a drain does where requests are counted. */
import { assert, assertEquals, assertObjectMatch, assertRejects } from "@std/assert";
import { defineTask, type TaskContext } from "@dabba/queue";
import { z } from "zod";
import { BrokerError } from "../../src/errors.ts";
import { Rig } from "./rig.ts";

/** A rig whose task takes as many milliseconds as it is told, and counts its starts. */
function rigged(work: (ms: number, ctx: TaskContext) => unknown = () => {}) {
  const starts = new Map<string, number>();
  const last = defineTask("last", { input: z.number(), backoff: ["1m"] }, async (ms, ctx) => {
    starts.set(ctx.id, (starts.get(ctx.id) ?? 0) + 1);
    work(ms, ctx);
    if (ms > 0) await new Promise<void>((resolve) => void rig.clock.timer(ms, resolve));
  });
  const rig = new Rig({ last });
  return Object.assign(rig, { starts });
}

/** The calls that a drain made: what the rig's producer asked is not among them. */
function drainCalls(rig: ReturnType<typeof rigged>): number {
  return rig.broker.count("exchange") + rig.broker.count("probe");
}

Deno.test("Worker.drain() keeps to its requests, with everything it took told", async () => {
  await using rig = rigged();
  await rig.tasks.last.enqueueMany(Array.from({ length: 1_000 }, () => 0));
  const summary = await rig.clock.until(rig.worker({ prefetch: false }).drain({ requests: 30 }));
  assertEquals(summary.ended, "requests");
  assertEquals([drainCalls(rig), summary.requests <= 30], [summary.requests, true]);
  assertEquals([summary.succeeded, summary.lost], [summary.claimed, 0]);
  assert(summary.claimed >= 100, `only ${summary.claimed} were taken`);
  const next = await rig.clock.until(rig.worker({ concurrency: 100 }).drain());
  assertEquals(summary.succeeded + next.succeeded, 1_000);
});

Deno.test("Worker.drain() on a store that is free of charge keeps to its requests, and drops no outcome", async () => {
  await using rig = rigged();
  rig.broker.overlaps = true;
  rig.broker.after = () => new Promise<void>((resolve) => void rig.clock.timer(5, resolve));
  await rig.clock.until(rig.tasks.last.enqueueMany(Array.from({ length: 1_000 }, () => 0)));
  for (let i = 0; i < 3; i++) {
    const draining = rig.worker({ prefetch: false }).drain({ requests: 30 });
    const { ended, requests, claimed, succeeded } = await rig.clock.until(draining);
    assertEquals([ended, succeeded, requests <= 30], ["requests", claimed, true]);
    assert(claimed >= 100, `only ${claimed} were taken`);
    const { queues: [line] } = await rig.clock.until(rig.dabba.inspect.stats());
    assertEquals(line?.later, 0);
  }
});

Deno.test("Worker.drain() keeps to its requests while handlers take long, and loses no lease", async () => {
  await using rig = rigged();
  const lengths = Array.from({ length: 30 }, (_, i) => 13_000 + 900 * i);
  await rig.tasks.last.enqueueMany(lengths);
  const draining = rig.worker({ concurrency: 30 }).drain({ budget: "50s", requests: 24 });
  const summary = await rig.clock.until(draining);
  assertObjectMatch(summary, { claimed: 30, succeeded: 30, lost: 0, handedBack: 0 });
  assert(summary.requests <= 24, `${summary.requests} requests`);
  assertEquals([...rig.starts.values()].filter((count) => count !== 1), []);
});

Deno.test("Worker.drain() that is low on requests renews what it took one by one together", async () => {
  await using rig = rigged();
  const lengths = Array.from({ length: 20 }, (_, i) => i < 10 ? 800 * i : 35_000);
  await rig.tasks.last.enqueueMany(lengths);
  const summary = await rig.clock.until(rig.worker().drain({ budget: "50s", requests: 30 }));
  assertObjectMatch(summary, { claimed: 20, succeeded: 20, lost: 0 });
  assert(summary.requests <= 30, `${summary.requests} requests`);
});

Deno.test("Worker.drain() lets no progress use up its requests", async () => {
  await using rig = rigged((_, ctx) => {
    const talk = () => {
      ctx.progress(rig.clock.now());
      rig.clock.timer(400, talk);
    };
    talk();
  });
  await rig.tasks.last.enqueue(30_000);
  const draining = rig.worker().drain({ budget: "50s", requests: 24 });
  const summary = await rig.clock.until(draining);
  assertObjectMatch(summary, { succeeded: 1, lost: 0 });
  assert(summary.requests <= 24, `${summary.requests} requests`);
});

Deno.test("Worker.drain() that is low on requests hands back in time what takes too long", async () => {
  await using rig = rigged();
  const lengths = Array.from({ length: 300 }, (_, i) => i % 10 === 0 ? 3_600_000 : 0);
  await rig.tasks.last.enqueueMany(lengths);
  const summary = await rig.clock.until(rig.worker().drain({ budget: "20s", requests: 20 }));
  assertEquals([summary.lost, summary.claimed], [
    0,
    summary.succeeded + summary.handedBack + summary.retried,
  ]);
  assert(summary.requests <= 20, `${summary.requests} requests`);
  assert(rig.clock.now() <= 20_000);
});

Deno.test("Worker.drain() counts requests that failed, and asks no more than it may", async () => {
  await using rig = rigged();
  await rig.tasks.last.enqueue(0);
  rig.broker.before = ({ operation }) => {
    if (operation !== "exchange" && operation !== "probe") return;
    throw new BrokerError("exchange", "the store is away", { retryable: true });
  };
  const patient = rig.worker({ lease: "10m" }).drain({ budget: "10m", requests: 12 });
  await assertRejects(
    () => rig.clock.until(patient),
    BrokerError,
    "Cannot take or settle messages: the drain may make no more requests",
  );
  assertEquals(drainCalls(rig), 12);
});

Deno.test("Worker.drain() refuses requests with which it could take nothing, before any I/O", async () => {
  await using rig = rigged();
  for (const requests of [0, 5, 13, 14.5, NaN, -1]) {
    await assertRejects(() => rig.worker().drain({ requests }), RangeError, "requests");
  }
  assertEquals(rig.broker.calls, []);
  await rig.clock.until(rig.worker().drain({ requests: 14 }));
});
