import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Backoff } from "@dabba/queue";
import {
  type BackoffPlan,
  isBackoffPlan,
  maxAttempts,
  nextDelayMs,
  planBackoff,
} from "../../src/retry/backoff.ts";

/** The waits of a plan, with one random number for all. */
function waits(plan: BackoffPlan, random = 0): number[] {
  const all: number[] = [];
  for (let failures = 1;; failures++) {
    const wait = nextDelayMs(plan, failures, random);
    if (wait === undefined) return all;
    all.push(wait);
  }
}

const plans: [string, Backoff, BackoffPlan][] = [
  ["a list", ["1m", 300_000, "15m"], [60_000, 300_000, 900_000]],
  ["an empty list", [], []],
  ["a curve with its defaults", { type: "exponential", delay: "1s" }, {
    ...{ k: "e", d: 1_000, f: 2, c: 86_400_000, n: 4, j: 1 },
  }],
  ["a curve in full", {
    ...{ type: "exponential", delay: 5, factor: 3, cap: "1m", maxAttempts: 2, jitter: 0.25 },
  }, { k: "e", d: 5, f: 3, c: 60_000, n: 1, j: 0.25 }],
  ["a line", { type: "linear", delay: "2s", jitter: "equal" }, {
    ...{ k: "l", d: 2_000, c: 86_400_000, n: 4, j: 0.5 },
  }],
  ["the same wait each time", { type: "fixed", delay: "2s", jitter: "none" }, {
    ...{ k: "f", d: 2_000, c: 2_000, n: 4, j: 0 },
  }],
];

for (const [what, backoff, plan] of plans) {
  Deno.test(`planBackoff() resolves ${what} to data that survives the trip`, () => {
    assertEquals(planBackoff(backoff), plan);
    assertEquals(JSON.parse(JSON.stringify(plan)), plan);
    assertEquals(isBackoffPlan(plan), true);
    assertEquals(waits(plan).length + 1, maxAttempts(plan));
  });
}

const refused: [string, unknown, typeof TypeError | typeof RangeError][] = [
  ["null", null, TypeError],
  ["a number", 5, TypeError],
  ["a text", "1m", TypeError],
  ["an unknown kind", { type: "random", delay: 1 }, TypeError],
  ["a kind of every object", { type: "toString", delay: 1 }, TypeError],
  ["a mistyped option", { type: "fixed", delay: 1, maxAttempt: 3 }, TypeError],
  ["a curve without a delay", { type: "fixed" }, TypeError],
  ["a wait that cannot be read", ["1m", "soon"], TypeError],
  ["a negative wait", [-1], RangeError],
  ["a list with a hole", Object.assign([], { 1: 5 }), TypeError],
  ["more waits than are stored", Array(1_001).fill(1), RangeError],
  ["no attempt", { type: "fixed", delay: 1, maxAttempts: 0 }, RangeError],
  ["half an attempt", { type: "fixed", delay: 1, maxAttempts: 1.5 }, RangeError],
  ["attempts without end", { type: "fixed", delay: 1, maxAttempts: Infinity }, RangeError],
  ["a factor below one", { type: "exponential", delay: 1, factor: 0.5 }, RangeError],
  ["a factor that is no number", { type: "exponential", delay: 1, factor: NaN }, RangeError],
  ["a factor above a hundred", { type: "exponential", delay: 1, factor: 101 }, RangeError],
  ["a cap without end", { type: "linear", delay: 1, cap: Infinity }, RangeError],
  ["an unknown jitter", { type: "fixed", delay: 1, jitter: "some" }, RangeError],
  ["a jitter of every object", { type: "fixed", delay: 1, jitter: "constructor" }, RangeError],
  ["a jitter above one", { type: "fixed", delay: 1, jitter: 1.1 }, RangeError],
  ["a jitter that is no number", { type: "fixed", delay: 1, jitter: NaN }, RangeError],
];

for (const [what, backoff, Kind] of refused) {
  Deno.test(`planBackoff() refuses ${what}`, () => {
    assertThrows(() => planBackoff(backoff as Backoff), Kind);
  });
}

Deno.test("nextDelayMs() keeps a list to the millisecond, whatever is drawn", () => {
  const plan = planBackoff(["1m", "5m", "15m"]);
  for (const random of [0, 0.5, 0.999]) {
    assertEquals(waits(plan, random), [60_000, 300_000, 900_000]);
  }
});

Deno.test("nextDelayMs() follows each curve up to its cap", () => {
  const more = { delay: "1s", cap: "10s", maxAttempts: 7, jitter: "none" } as const;
  assertEquals(waits(planBackoff({ type: "exponential", ...more })), [
    ...[1_000, 2_000, 4_000, 8_000, 10_000, 10_000],
  ]);
  assertEquals(waits(planBackoff({ type: "linear", ...more, delay: "3s" })), [
    ...[3_000, 6_000, 9_000, 10_000, 10_000, 10_000],
  ]);
  const fixed = { type: "fixed", delay: "3s", maxAttempts: 4, jitter: "none" } as const;
  assertEquals(waits(planBackoff(fixed)), [3_000, 3_000, 3_000]);
});

const jitters = [["none", 1, 1], ["equal", 0.5, 1], ["full", 0, 1], [0.2, 0.8, 1]] as const;

for (const [jitter, least, most] of jitters) {
  Deno.test(`nextDelayMs() with jitter ${jitter} stays within its bounds, and uses all of them`, () => {
    const plan = planBackoff({ type: "fixed", delay: 10_000, jitter });
    let [low, high] = [Infinity, 0];
    for (let draw = 0; draw < 20_000; draw++) {
      const wait = nextDelayMs(plan, 1, Math.random())!;
      assert(Number.isInteger(wait) && wait >= least * 10_000 && wait <= most * 10_000);
      [low, high] = [Math.min(low, wait), Math.max(high, wait)];
    }
    assert(low <= least * 10_000 + 100 && high >= most * 10_000 - 100, `from ${low} to ${high}`);
  });
}

Deno.test("nextDelayMs() gives a number for every plan that can be made, at every attempt", () => {
  for (const type of ["exponential", "linear", "fixed"] as const) {
    for (const delay of [0, 1, "520w"]) {
      for (const factor of [1, 2, 100]) {
        const curve = { type, delay, factor, maxAttempts: 1_001, jitter: "none" } as Backoff;
        const plan = planBackoff(curve);
        const all = waits(plan);
        assertEquals([all.length, maxAttempts(plan)], [1_000, 1_001]);
        assert(all.every((wait) => Number.isInteger(wait) && wait >= 0));
        assertEquals(all, all.toSorted((a, b) => a - b), "it never shrinks");
      }
    }
  }
});

for (
  const value of [undefined, null, 7, "e", {}, [1, -1], [0.5], [Infinity], {
    k: "e",
    d: 1,
    c: 1,
    n: -1,
    j: 0,
  }]
) {
  Deno.test(`isBackoffPlan() refuses ${Deno.inspect(value)}`, () => {
    assertEquals(isBackoffPlan(value), false);
  });
}
