import { assert, assertEquals } from "@std/assert";
import { DEFAULT_DEAD_LETTERS } from "../../../src/broker/dead_bounds.ts";
import { bury, message, renewal, retry, succeed, target } from "./messages.ts";
import { type Cases, LEASE_MS, type Stage } from "./stage.ts";

/** Asks without taking anything: claims from the queues, though all of it waits for later. */
async function nextDue(stage: Stage, ...queues: string[]): Promise<number | undefined> {
  return (await stage.exchange({ claim: { queues, max: 100 } })).nextDueAtMs;
}

/** A lower bound may be early, but not so early that a worker would spin. */
function assertBound(bound: number | undefined, nowMs: number, dueAtMs: number): void {
  assert(bound !== undefined && bound <= dueAtMs, `${bound} is later than ${dueAtMs}`);
  assert(bound > nowMs, `${bound} is not after ${nowMs}, though nothing is due`);
}

const NONE = { deadBytes: 0, deadLetters: DEFAULT_DEAD_LETTERS };

/** Counting, and saying when there is work next. */
export const statsCases: Cases = {
  "stats() of an empty store counts nothing": async (stage) => {
    assertEquals(await stage.broker.stats(), { nowMs: stage.nowMs, queues: [], dead: 0, ...NONE });
  },
  "stats() counts what is due and what comes later, by queue": async (stage) => {
    await stage.push({ id: "b1", queue: "b", delayMs: 100 });
    const oldest = stage.nowMs;
    await stage.push({ id: "a1", queue: "a" });
    stage.advance(10);
    await stage.push({ id: "a2", queue: "a", priority: "high" });
    await stage.push({ id: "a3", queue: "a", priority: "low", delayMs: 50 });
    assertEquals(await stage.broker.stats(), {
      nowMs: stage.nowMs,
      queues: [
        { queue: "a", ready: 2, later: 1, oldestReadyAtMs: oldest },
        { queue: "b", ready: 0, later: 1, oldestReadyAtMs: undefined },
      ],
      dead: 0,
      ...NONE,
    });
  },
  "stats() counts a leased message as later, and as due when its lease ran out": async (stage) => {
    await stage.pushAndClaim();
    const queue = { queue: "q", ready: 0, later: 1, oldestReadyAtMs: undefined };
    assertEquals((await stage.broker.stats()).queues, [queue]);
    stage.advance(LEASE_MS);
    assertEquals((await stage.broker.stats()).queues, [
      { queue: "q", ready: 1, later: 0, oldestReadyAtMs: stage.nowMs },
    ]);
  },
  "stats() counts what left its line no more, and the dead apart": async (stage) => {
    await stage.push("a", "b", "c");
    const [a, b] = await stage.claim({ max: 2 });
    await stage.settle(succeed(a!), bury(b!));
    await stage.broker.cancel([target("c")], { id: "op", retainMs: 0 });
    assertEquals(await stage.broker.stats(), {
      nowMs: stage.nowMs,
      queues: [],
      dead: 1,
      ...NONE,
      deadBytes: 4,
    });
  },
  "stats() counts a redriven letter again": async (stage) => {
    await stage.settle(bury(await stage.pushAndClaim()));
    await stage.broker.redrive([message("m")], "op");
    const { queues, dead } = await stage.broker.stats();
    assertEquals([queues[0]?.ready, dead], [1, 0]);
  },
  "probe() answers undefined for queues that hold nothing": async (stage) => {
    await stage.push({ id: "m", queue: "other" });
    assertEquals(await stage.broker.probe(["q", "none"]), undefined);
    assertEquals(await stage.broker.probe([]), undefined);
  },
  "probe() is never later than what is ready": async (stage) => {
    for (const priority of ["low", "normal", "high"] as const) {
      const queue = `q-${priority}`;
      await stage.push({ id: priority, queue, priority });
      const bound = await stage.broker.probe(["none", queue]);
      assert(bound !== undefined && bound <= stage.nowMs);
    }
  },
  "probe() bounds when the first of several queues has work": async (stage) => {
    await stage.push(
      { id: "a", queue: "a", delayMs: 5_000 },
      { id: "b", queue: "b", priority: "low", delayMs: 3_000 },
      { id: "c", queue: "c", delayMs: 1_000 },
    );
    assertBound(await stage.broker.probe(["a", "b"]), stage.nowMs, stage.nowMs + 3_000);
  },
  "probe() is never later than the end of a lease": async (stage) => {
    const delivery = await stage.pushAndClaim();
    assertBound(await stage.broker.probe(["q"]), stage.nowMs, stage.nowMs + LEASE_MS);
    await stage.exchange({ leaseMs: 2_000, extend: [renewal(delivery)] });
    assertBound(await stage.broker.probe(["q"]), stage.nowMs, stage.nowMs + 2_000);
  },
  "probe() is never later than a message that came since": async (stage) => {
    await stage.push({ id: "a", delayMs: 9_000 });
    await stage.claim();
    await stage.push({ id: "b", delayMs: 4_000, priority: "high" });
    assertBound(await stage.broker.probe(["q"]), stage.nowMs, stage.nowMs + 4_000);
  },
  "probe() is never later than a retry or a redriven letter": async (stage) => {
    const delivery = await stage.pushAndClaim();
    await stage.settle(retry(delivery, { delayMs: 1_000 }));
    assertBound(await stage.broker.probe(["q"]), stage.nowMs, stage.nowMs + 1_000);
    stage.advance(1_000);
    await stage.settle(bury(await stage.claimOne()));
    await stage.broker.redrive([message("m")], "op");
    const bound = await stage.broker.probe(["q"]);
    assert(bound !== undefined && bound <= stage.nowMs);
  },
  "exchange() says when the queues asked for have work again": async (stage) => {
    await stage.push(
      { id: "a", queue: "a", delayMs: 5_000 },
      { id: "b", queue: "b", priority: "low", delayMs: 3_000 },
      { id: "c", queue: "c", delayMs: 1_000 },
    );
    assertBound(await nextDue(stage, "a", "b"), stage.nowMs, stage.nowMs + 3_000);
  },
  "exchange() counts what it has just leased": async (stage) => {
    await stage.push("m", { id: "n", delayMs: LEASE_MS * 2 });
    assertBound(await nextDue(stage, "q"), stage.nowMs, stage.nowMs + LEASE_MS);
  },
  "exchange() that left due work says so": async (stage) => {
    await stage.push("a", "b");
    const reply = await stage.exchange({ claim: { queues: ["q"], max: 1 } });
    assert(reply.nextDueAtMs !== undefined && reply.nextDueAtMs <= stage.nowMs);
  },
  "exchange() answers undefined when its queues hold nothing": async (stage) => {
    await stage.push({ id: "elsewhere", queue: "other" });
    assertEquals(await nextDue(stage, "q"), undefined);
    const delivery = await stage.pushAndClaim();
    const reply = await stage.exchange({
      settle: [succeed(delivery)],
      claim: { queues: ["q"], max: 1 },
    });
    assertEquals(reply.nextDueAtMs, undefined);
  },
  "exchange() without a claim says nothing of the next work": async (stage) => {
    await stage.push("m");
    assertEquals((await stage.exchange()).nextDueAtMs, undefined);
  },
};
