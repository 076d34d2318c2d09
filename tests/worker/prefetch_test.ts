/** Taking messages ahead of the permits: only where all are through in no time, and never for long. */

import { assert, assertEquals, assertObjectMatch } from "@std/assert";
import { defineTask } from "@dabba/queue";
import { z } from "zod";
import { claims, FaultyBroker } from "./faulty_broker.ts";
import { Rig } from "./rig.ts";

const QUICK = 0;

/** A task that takes as many milliseconds as it is told; who ran when, and how many at once. */
function timed() {
  const started: number[] = [];
  const seen = { running: 0, most: 0 };
  const work = defineTask("work", { input: z.number() }, async (ms) => {
    started.push(ms);
    seen.most = Math.max(seen.most, ++seen.running);
    await undefined;
    if (ms > QUICK) await new Promise<void>((resolve) => void rig.clock.timer(ms, resolve));
    seen.running--;
  });
  const rig: Rig<{ work: typeof work }> = new Rig({ work });
  return Object.assign(rig, { started, seen });
}

type Timed = ReturnType<typeof timed>;

/** How many messages each look so far has asked for. */
function asked({ broker }: Timed): number[] {
  return broker.calls.filter(claims).map(({ args: [{ claim }] }) => claim?.max ?? 0);
}

const quick = (count: number): number[] => Array.from({ length: count }, () => QUICK);

/** Has a worker learn that messages are quick, and take some that wait behind one that is not. */
async function behind(slowMs: number, options: Parameters<Timed["run"]>[0] = {}) {
  const rig = timed();
  await rig.tasks.work.enqueueMany(quick(100));
  const slow = await rig.tasks.work.enqueue(slowMs);
  const waiting = await rig.tasks.work.enqueueMany(quick(5));
  const running = rig.run({ concurrency: 1, polling: { min: "1h", max: "1h" }, ...options });
  await rig.until("started", 101);
  assertEquals(rig.started.at(-1), slowMs);
  const states = await Promise.all(waiting.map((one) => one.status()));
  assertEquals(new Set(states.map(({ state }) => state)), new Set(["leased"]), "none waits here");
  return { rig, running, slow, waiting };
}

for (const concurrency of [1, 10]) {
  Deno.test(`Worker.run() takes more than ${concurrency} quick messages ahead, and runs no more at once`, async () => {
    await using rig = timed();
    await rig.tasks.work.enqueueMany(quick(8_000));
    const running = rig.run({ concurrency });
    await rig.until("succeeded", 8_000);
    const { claimed, succeeded, handedBack } = await running.stop();
    assertEquals([claimed, succeeded, handedBack], [8_000, 8_000, 0]);
    assertEquals(rig.seen, { running: 0, most: concurrency });
    const looks = asked(rig);
    assertEquals([looks[0], Math.max(...looks)], [concurrency, 1_000]);
    assert(looks.length < 40, `${looks.length} looks`);
  });
}

Deno.test("Worker.run() takes nothing ahead of handlers that take longer than some milliseconds", async () => {
  await using rig = timed();
  await rig.tasks.work.enqueueMany(Array.from({ length: 60 }, () => 6));
  const running = rig.run({ concurrency: 5 });
  await rig.until("succeeded", 60);
  await running.stop();
  assertEquals(Math.max(...asked(rig)), 5);
});

Deno.test("Worker.run() without prefetch takes what it can begin", async () => {
  await using rig = timed();
  await rig.tasks.work.enqueueMany(quick(500));
  const running = rig.run({ concurrency: 5, prefetch: false });
  await rig.until("succeeded", 500);
  await running.stop();
  assertEquals(Math.max(...asked(rig)), 5);
});

Deno.test("Worker.run() takes less ahead when messages take longer than they did", async () => {
  await using rig = timed();
  await rig.tasks.work.enqueueMany([...quick(100), ...Array.from({ length: 100 }, () => 4)]);
  const running = rig.run({ concurrency: 5 });
  await rig.until("succeeded", 200);
  await running.stop();
  assertEquals(rig.started.length, 200);
  const looks = asked(rig);
  const peak = looks.indexOf(Math.max(...looks));
  assert(looks[peak]! > 5 && looks.slice(peak).some((max) => max === 5), looks.join());
});

Deno.test("Worker.run() hands back what waits behind a slow message, for others to run", async () => {
  const { rig, running, slow, waiting } = await behind(60_000);
  await using _ = rig;
  await rig.clock.advance(99);
  assertObjectMatch(await waiting[0]!.status(), { state: "leased" });
  await rig.clock.advance(1);
  for (const receipt of waiting) {
    assertObjectMatch(await receipt.status(), { state: "ready", attempts: 0, crashes: 0 });
  }
  const other = rig.run({ concurrency: 1 });
  await rig.until("succeeded", 105);
  assertObjectMatch(await other.stop(), { succeeded: 5, handedBack: 0 });
  assertObjectMatch(await slow.status(), { state: "leased" });
  await rig.until("succeeded", 106);
  assertObjectMatch(await running.stop(), { succeeded: 101, handedBack: 5, lost: 0 });
});

Deno.test("Worker.run() takes nothing ahead for ten seconds after it had to hand back", async () => {
  const { rig, running } = await behind(200, { polling: { min: 1, max: 1 } });
  await using _ = rig;
  await rig.until("succeeded", 106);
  const before = asked(rig).length;
  await rig.tasks.work.enqueueMany(quick(50));
  await rig.until("succeeded", 156);
  assertEquals(Math.max(...asked(rig).slice(before)), 1);
  await rig.clock.advance(10_000);
  const calm = asked(rig).length;
  await rig.tasks.work.enqueueMany(quick(50));
  await rig.until("succeeded", 206);
  await running.stop();
  assert(Math.max(...asked(rig).slice(calm)) > 1);
});

Deno.test("Worker.run() begins nothing that waited when it stops, and spends no attempt of it", async () => {
  const { rig, running, waiting } = await behind(50);
  await using _ = rig;
  assertObjectMatch(await running.stop(), { succeeded: 101, handedBack: 5, lost: 0 });
  for (const receipt of waiting) {
    assertObjectMatch(await receipt.status(), { state: "ready", attempts: 0, crashes: 0 });
  }
});

Deno.test("Worker.run() does not begin a message that was cancelled while it waited", async () => {
  const { rig, running, waiting } = await behind(80, { lease: 150 });
  await using _ = rig;
  await rig.dabba.cancel(waiting[0]!.id);
  await rig.until("succeeded", 105);
  assertObjectMatch(await running.stop(), { claimed: 106, succeeded: 105, lost: 1 });
  assertEquals(rig.started.length, 105);
});

Deno.test("Worker.run() lets a message expire that waited past its time", async () => {
  await using rig = timed();
  await rig.tasks.work.enqueueMany(quick(100));
  await rig.tasks.work.enqueue(80);
  const late = await rig.tasks.work.enqueue(QUICK, { expiresIn: 50 });
  const running = rig.run({ concurrency: 1 });
  await rig.until("expired");
  await running.stop();
  assertObjectMatch(await late.status(), { state: "expired" });
});

Deno.test("Worker.drain() takes no more than its max, however quick messages are", async () => {
  await using rig = timed();
  await rig.tasks.work.enqueueMany(quick(500));
  const drain = rig.worker({ concurrency: 2 }).drain({ max: 137 });
  assertObjectMatch(await rig.clock.until(drain), { claimed: 137, succeeded: 137, ended: "max" });
});

Deno.test("Worker.drain() keeps to its requests, also where it takes messages ahead", async () => {
  await using rig = timed();
  const inputs = Array.from({ length: 6_000 }, (_, i) => i % 700 === 699 ? 3_000 : QUICK);
  await rig.tasks.work.enqueueMany(inputs);
  const drain = rig.worker({ concurrency: 2 }).drain({ budget: "50s", requests: 40 });
  const { requests, claimed, succeeded, handedBack, lost } = await rig.clock.until(drain);
  assert(requests <= 40 && succeeded > 500, `${requests} requests, ${succeeded} done`);
  assertEquals([lost, claimed], [0, succeeded + handedBack]);
});

Deno.test("Worker.run() hands back what waits behind a suspect, and runs that one alone", async () => {
  await using rig = timed();
  const suspect = await rig.tasks.work.enqueue(1);
  for (const worker of ["first", "second"]) {
    const { claimed } = await rig.broker.exchange({
      ...{ channel: crypto.randomUUID(), seq: 1, worker, leaseMs: 100, settle: [], extend: [] },
      ...{ claim: { queues: ["default"], max: 10 }, trim: 0, sweep: false },
    });
    assertEquals(claimed.length, 1);
    if (worker === "first") await rig.clock.advance(100);
  }
  await rig.tasks.work.enqueueMany(quick(15));
  const behind = await rig.tasks.work.enqueueMany(quick(20), { delay: 101 });
  await rig.clock.advance(99);
  const running = rig.run({ concurrency: 5, polling: { min: 2, max: 2 } });
  await rig.until("succeeded", 36);
  assertObjectMatch(await running.stop(), { succeeded: 36, lost: 0 });
  assertObjectMatch(await suspect.status(), { attempts: 1, crashes: 2 });
  const statuses = await Promise.all(behind.map((one) => one.status()));
  assertEquals(new Set(statuses.map(({ attempts }) => attempts)), new Set([1]));
});

/** What becomes of messages whose worker vanishes with some that it took ahead. */
async function vanished(options: { readonly maxCrashes: number }) {
  const rig = timed();
  await rig.tasks.work.enqueueMany(quick(100));
  const slow = await rig.tasks.work.enqueue(60_000, options);
  const waiting = await rig.tasks.work.enqueueMany(quick(50), options);
  const gone = new FaultyBroker(rig.broker);
  rig.run({ concurrency: 1 }, undefined, gone);
  await rig.until("started", 101);
  gone.before = () => new Promise(() => {});
  await rig.clock.advance(30_000);
  return { rig, slow, waiting };
}

Deno.test("Worker.run() that vanishes takes none of those along that only waited in it", async () => {
  const { rig, slow, waiting } = await vanished({ maxCrashes: 1 });
  await using _ = rig;
  const running = rig.run({ concurrency: 1 });
  await rig.until("succeeded", 151);
  await running.stop();
  // Of the slow one the store does not know either that it had begun.
  for (const receipt of [slow, ...waiting]) {
    assertObjectMatch(await receipt.status(), { state: "succeeded", attempts: 1, crashes: 0 });
  }
});

Deno.test("Worker.run() takes what was lost while it waited only when it can begin it", async () => {
  const { rig } = await vanished({ maxCrashes: 8 });
  await using _ = rig;
  const before = asked(rig).length;
  const running = rig.run({ concurrency: 2 });
  await rig.until("started", 153);
  await running.stop();
  // Two at a time: should this worker vanish as well, no others are to blame.
  const looks = asked(rig).slice(before);
  assert(looks.length > 24, looks.join());
});

Deno.test("Worker.run() comes to what was lost while it waited, however much there is besides", async () => {
  await using rig = timed();
  const [lost] = await rig.tasks.work.enqueueMany([QUICK]);
  await rig.broker.exchange({
    ...{ channel: crypto.randomUUID(), seq: 1, worker: "gone", leaseMs: 60 },
    claim: { queues: ["default"], max: 1, begins: 0 },
    ...{ settle: [], extend: [], trim: 0, sweep: false },
  });
  const brief = (length: number) => Array.from({ length }, () => 1);
  await rig.tasks.work.enqueueMany(brief(1_000));
  await rig.tasks.work.enqueueMany(brief(3_000), { delay: 61 });
  const running = rig.run({ concurrency: 10 });
  await rig.until("succeeded", 4_001);
  await running.stop();
  assertObjectMatch(await lost!.status(), { state: "succeeded", crashes: 0 });
  const ids = rig.all("succeeded").map(({ id }) => id);
  assert(Math.max(...asked(rig)) > 20, "nothing was taken ahead");
  const place = ids.indexOf(lost!.id);
  assert(place >= 600 && place < 1_200, `it was number ${place}`);
});

Deno.test("Worker.run() says of what waited that it has begun, when it renews its lease", async () => {
  await using rig = timed();
  await rig.tasks.work.enqueueMany(quick(100));
  const slow = await rig.tasks.work.enqueueMany([20, 60_000], { maxCrashes: 1 });
  const gone = new FaultyBroker(rig.broker);
  rig.run({ concurrency: 1 }, undefined, gone);
  await rig.until("started", 102);
  await rig.clock.advance(10_000);
  gone.before = () => new Promise(() => {});
  await rig.clock.advance(30_000);
  const running = rig.run({ concurrency: 1 });
  await rig.until("dead");
  await running.stop();
  assertObjectMatch(await slow[1]!.status(), { state: "dead", crashes: 1 });
});
