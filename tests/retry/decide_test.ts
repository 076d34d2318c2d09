import { assertEquals } from "@std/assert";
import {
  DeferError,
  RejectError,
  RetryError,
  TaskTimeoutError,
  ValidationError,
} from "@dabba/queue";
import { decide, type Decision, type Failed } from "../../src/retry/decide.ts";

const PLAN = [1_000, 5_000];
const invalid = (side: "input" | "output") =>
  new ValidationError("t", side, [{ message: "no", path: [] }]);
const retry = (delayMs: number): Decision => ({ kind: "retry", delayMs });
const defer = (delayMs: number): Decision => ({ kind: "defer", delayMs });
const dead = (why: "rejected" | "invalid" | "exhausted"): Decision => ({ kind: "dead", why });

/** Their constructors take no such delay; plain JavaScript can still write over it. */
const changed = (error: DeferError | RetryError, delay: unknown) => Object.assign(error, { delay });

const cases: [string, unknown, Partial<Failed>, Decision][] = [
  ["an error by the schedule", new Error("no"), {}, retry(1_000)],
  ["a second error by the schedule", new Error("no"), { failures: 2 }, retry(5_000)],
  ["the last error as exhausted", new Error("no"), { failures: 3 }, dead("exhausted")],
  ["one beyond the last as exhausted", new Error("no"), { failures: 30 }, dead("exhausted")],
  ["undefined like any error", undefined, {}, retry(1_000)],
  ["a timeout like any error", new TaskTimeoutError("t", 5), {}, retry(1_000)],
  ["a rejection as such", new RejectError(), {}, dead("rejected")],
  ["a rejection at the last attempt as such", new RejectError(), { failures: 9 }, dead("rejected")],
  ["input that is refused at once", invalid("input"), { begun: false }, dead("invalid")],
  ["input refused within the handler", invalid("input"), {}, retry(1_000)],
  ["output like any error", invalid("output"), {}, retry(1_000)],
  ["a deferral by its delay", new DeferError({ delay: "10s" }), {}, defer(10_000)],
  ["a deferral at the last attempt", new DeferError({ delay: 7 }), { failures: 9 }, defer(7)],
  ["a deferral by no time", new DeferError({ delay: 0 }), {}, defer(0)],
  [
    "a deferral that cannot be read",
    changed(new DeferError({ delay: 1 }), "soon"),
    {},
    retry(1_000),
  ],
  [
    "a negative deferral",
    changed(new DeferError({ delay: 1 }), -1),
    { failures: 3 },
    dead("exhausted"),
  ],
  ["a retry by its delay", new RetryError({ delay: "7s" }), {}, retry(7_000)],
  ["a retry at once", new RetryError({ delay: 0 }), {}, retry(0)],
  ["a retry that cannot be read", changed(new RetryError({ delay: 1 }), NaN), {}, retry(1_000)],
  ["a retry at the last attempt", new RetryError({ delay: 1 }), { failures: 3 }, dead("exhausted")],
];

for (const [what, thrown, failed, decision] of cases) {
  Deno.test(`decide() treats ${what}`, () => {
    const around = { failures: 1, random: 0.5, begun: true, ...failed };
    assertEquals(decide(thrown, PLAN, around), decision);
  });
}

Deno.test("decide() draws the wait of a curve by the random number that it is given", () => {
  const plan = { k: "f", d: 1_000, c: 1_000, n: 1, j: 1 } as const;
  const at = (random: number) =>
    decide(new Error("no"), plan, { failures: 1, random, begun: true });
  assertEquals([at(0), at(0.25)], [retry(1_000), retry(750)]);
});
