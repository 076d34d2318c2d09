/**
 * Wake-ups as a worker lives with them. Whatever becomes of calls, a message starts: at once when the
 * call comes, and else no later than the worker looks by itself.
 */

import { assert, assertEquals } from "@std/assert";
import { Dabba, defineTask, type TaskTree } from "@dabba/queue";
import { memoryBroker } from "@dabba/queue/testing";
import { z } from "zod";
import type { Watch } from "../../src/broker/wake.ts";
import { claims, FaultyBroker, refused } from "./faulty_broker.ts";
import { Rig } from "./rig.ts";

const POLLING = { minMs: 250, maxMs: 5_000 };
const HOUR_MS = 3_600_000;
const note = defineTask("note", { input: z.number() }, () => {});

function openRig<T extends TaskTree>(tasks: T): Rig<T> {
  return new Rig(tasks, { polling: POLLING, open: memoryBroker });
}

/** Gives another process on the same store, which no worker of this one hears of. */
function elsewhere(rig: Rig<{ note: typeof note }>) {
  return new Dabba({ broker: rig.broker, tasks: { note } }).tasks.note;
}

async function idle(rig: Rig<{ note: typeof note }>): Promise<void> {
  await rig.until("listening");
  await rig.clock.advance(HOUR_MS);
}

Deno.test("Worker.run() that is called asks for little while it is idle", async () => {
  await using rig = openRig({ note });
  const running = rig.run();
  await idle(rig);
  const before = rig.broker.calls.length;
  await rig.clock.advance(HOUR_MS);
  const calls = rig.broker.calls.slice(before);
  const looks = calls.filter(claims).length;
  const probes = calls.length - looks;
  // What a look that checks the index costs in Redis, with one queue: see the command counts.
  assert(probes + 9 * looks <= 60, `${probes} probes and ${looks} looks in an hour`);
  assertEquals(rig.all("listening").length, 1);
  await running.stop();
  assertEquals(rig.clock.timers, 0);
});

Deno.test("Worker.run() starts at once what it is called for", async () => {
  await using rig = openRig({ note });
  const running = rig.run();
  await idle(rig);
  for (let i = 1; i <= 3; i++) {
    const [sentAt, calls] = [rig.clock.now(), rig.broker.calls.length];
    await elsewhere(rig).enqueue(i);
    await rig.until("succeeded", i);
    assert(rig.clock.now() - sentAt < 10, `after ${rig.clock.now() - sentAt} ms`);
    // The push, the look that takes it, the outcome: no look for nothing.
    assertEquals(rig.broker.calls.length - calls, 3);
    await rig.clock.advance(60_000);
  }
  await running.stop();
});

Deno.test("Worker.run() is told when a delayed message is due, and looks then", async () => {
  await using rig = openRig({ note });
  const running = rig.run();
  await idle(rig);
  const sentAt = rig.clock.now();
  await elsewhere(rig).enqueue(1, { delay: "20s" });
  const calls = rig.broker.calls.length;
  await rig.until("started");
  assert(rig.clock.now() - sentAt >= 20_000 && rig.clock.now() - sentAt < 20_010);
  assert(
    rig.broker.calls.length - calls <= 3,
    "no look before it was due, but one that was planned",
  );
  await running.stop();
});

Deno.test("Worker.run() finds what it was not called for, and subscribes anew", async () => {
  await using rig = openRig({ note });
  let deaf = true;
  rig.broker.watching = (watch) => ({ ...watch, onCall: (call) => deaf || watch.onCall(call) });
  const running = rig.run();
  await idle(rig);
  const sentAt = rig.clock.now();
  await elsewhere(rig).enqueue(1);
  await rig.until("started");
  assert(rig.clock.now() - sentAt <= 225_000, `after ${rig.clock.now() - sentAt} ms`);
  deaf = false;
  await rig.until("listening", 2);
  await rig.clock.advance(HOUR_MS);
  const againAt = rig.clock.now();
  await elsewhere(rig).enqueue(2);
  await rig.until("started", 2);
  assert(rig.clock.now() - againAt < 10);
  await running.stop();
});

Deno.test("Worker.run() polls as ever while it cannot be called, and tells so once", async () => {
  await using rig = openRig({ note });
  let tries = 0;
  rig.broker.watching = () => {
    tries++;
    throw refused("wake");
  };
  const running = rig.run();
  await rig.clock.advance(HOUR_MS);
  assert(tries > 10 && tries < 40, `${tries} tries in an hour`);
  assertEquals(rig.all("deaf").length, 1);
  const sentAt = rig.clock.now();
  await elsewhere(rig).enqueue(1);
  await rig.until("started");
  assert(rig.clock.now() - sentAt <= 6_250);
  await running.stop();
  assertEquals(rig.clock.timers, 0);
});

Deno.test("Worker.run() does not hurry for subscriptions that end at once", async () => {
  await using rig = openRig({ note });
  rig.broker.watching = (watch) => ({ ...watch, signal: AbortSignal.abort() });
  const never = rig.run();
  await rig.clock.advance(HOUR_MS);
  await never.stop();
  let opened = 0;
  rig.broker.watching = (watch: Watch) => {
    const end = new AbortController();
    const onLive = () => {
      opened++;
      watch.onLive();
      rig.clock.timer(1, () => end.abort());
    };
    return { ...watch, signal: AbortSignal.any([end.signal, watch.signal]), onLive };
  };
  const running = rig.run();
  await rig.clock.advance(HOUR_MS);
  assert(opened > 10 && opened < 40, `${opened} subscriptions in an hour`);
  await running.stop();
  assertEquals(rig.clock.timers, 0);
});

Deno.test("Worker.run() finds within a poll's time what a worker was called for that is gone", async () => {
  await using rig = openRig({ note });
  const running = rig.run({ name: "alive" });
  await rig.until("listening");
  const line = new FaultyBroker(rig.broker, POLLING);
  const gone = rig.run({ name: "gone" }, undefined, line);
  await rig.until("listening", 2);
  await rig.clock.advance(HOUR_MS);
  line.before = () => new Promise(() => {});
  // The last one to look is the first to be called.
  await rig.clock.until(rig.broker.exchange({
    ...{ channel: "x", seq: 1, worker: "x", leaseMs: 1_000, settle: [], extend: [], trim: 0 },
    ...{ sweep: false, sleeper: "x.1", claim: { queues: ["default"], max: 1 } },
  }));
  const sentAt = rig.clock.now();
  await elsewhere(rig).enqueue(1);
  await rig.until("started");
  assert(rig.clock.now() - sentAt <= 6_250, `after ${rig.clock.now() - sentAt} ms`);
  assertEquals(rig.all("started")[0]!.worker, "alive");
  await running.stop();
  line.before = () => {};
  gone.abort();
});

Deno.test("Worker.run() calls one of two workers for one message, and the other asks once", async () => {
  await using rig = openRig({ note });
  const [one, two] = [rig.run({ name: "one" }), rig.run({ name: "two" })];
  await rig.until("listening", 2);
  await rig.clock.advance(HOUR_MS);
  const before = rig.broker.calls.length;
  await elsewhere(rig).enqueue(1);
  await rig.until("succeeded");
  assertEquals(rig.broker.calls.slice(before).filter(claims).length, 2, "its look, its outcome");
  await rig.clock.advance(6_250);
  const probes = rig.broker.calls.slice(before).filter(({ operation }) => operation === "probe");
  assert(probes.length <= 2, `${probes.length} probes`);
  await Promise.all([one.stop(), two.stop()]);
});

Deno.test("Worker.run() calls another worker for what it hands back", async () => {
  const gate = Promise.withResolvers<void>();
  const held = defineTask("held", { input: z.number() }, () => gate.promise);
  await using rig = openRig({ held });
  const first = rig.run({ name: "first", concurrency: 1, grace: "1s" });
  await rig.until("listening");
  await new Dabba({ broker: rig.broker, tasks: { held } }).tasks.held.enqueue(1);
  await rig.until("started");
  const second = rig.run({ name: "second" });
  await rig.until("listening", 2);
  await rig.clock.advance(20_000);
  await first.stop();
  const handedAt = rig.clock.now();
  await rig.until("started", 2);
  assert(rig.clock.now() - handedAt < 10, `after ${rig.clock.now() - handedAt} ms`);
  gate.resolve();
  await rig.until("succeeded");
  await second.stop();
});

Deno.test("Worker.run() with wake: false asks in intervals, and subscribes to nothing", async () => {
  await using rig = openRig({ note });
  const running = rig.run({ wake: false });
  await rig.clock.advance(HOUR_MS);
  assertEquals(rig.all("listening").length, 0);
  assert(rig.broker.count("probe") > 500);
  await running.stop();
});

Deno.test("Worker.drain() subscribes to nothing", async () => {
  await using rig = openRig({ note });
  await rig.clock.until(rig.worker().drain());
  assertEquals(rig.all("listening").length, 0);
});
