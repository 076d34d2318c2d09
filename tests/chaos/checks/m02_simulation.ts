import { simulate } from "../../simulation/simulate.ts";
import { type Check, ruleOfThree } from "../check.ts";

/** Every so many seeds one is played twice: it must be the same run. */
const AGAIN = 50;

export const check: Check = {
  id: "M2",
  title: "whole systems in virtual time, audited at every step",
  goal: "1,000 seeds (full: 5,000): no promise broken at any step, all final at the end, each " +
    "played again the same, ≥ 1,000 × real time",
  async run({ full, seed, say }) {
    const count = full ? 5_000 : 1_000;
    const sum = { steps: 0, starts: 0, virtualMs: 0, again: 0, same: 0, broken: 0 };
    const begunAt = performance.now();
    for (let i = 0; i < count; i++) {
      const one = seed * 100_000 + i;
      try {
        const came = await simulate(one);
        sum.steps += came.steps;
        sum.starts += came.starts;
        sum.virtualMs += came.virtualMs;
        if (i % AGAIN > 0) continue;
        sum.again++;
        if ((await simulate(one)).fingerprint === came.fingerprint) sum.same++;
      } catch (error) {
        sum.broken++;
        say(`seed ${one} (deno run -A tests/simulation/main.ts ${one}): ${error}`.slice(0, 2_000));
      }
    }
    const realMs = performance.now() - begunAt;
    const speed = Math.round(sum.virtualMs / realMs);
    const figure = `${sum.broken} of ${count} seeds broke a promise, in ${sum.steps} audited ` +
      `steps and ${sum.starts} starts (${ruleOfThree(count)} of seeds); ${sum.same} of ` +
      `${sum.again} the same again; ${Math.round(sum.virtualMs / 3_600_000)} hours in ` +
      `${Math.round(realMs / 1_000)} s, ${speed} × real time`;
    const met = sum.broken === 0 && sum.same === sum.again && speed >= 1_000;
    return { figure, met };
  },
};
