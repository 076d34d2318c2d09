import { assert, assertEquals } from "@std/assert";
import { simulate } from "./simulate.ts";

const SEEDS = 60;

Deno.test(`simulate() breaks no promise at any step of ${SEEDS} seeds`, async () => {
  let [steps, calls, ahead] = [0, 0, 0];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const played = await simulate(seed);
    steps += played.steps;
    calls += played.calls;
    ahead += played.ahead;
  }
  assert(steps > 5_000, `it saw ${steps} steps only`);
  assert(calls > 500, `${calls} calls only were on their way`);
  assert(ahead > 50, `${ahead} messages only were taken ahead`);
});

Deno.test("simulate() plays the same from the same seed, and another from another", async () => {
  const [one, again, other] = [await simulate(7), await simulate(7), await simulate(8)];
  assertEquals(one, again);
  assert(one.fingerprint !== other.fingerprint);
});
