import { assert, assertEquals } from "@std/assert";
import { simulate } from "./simulate.ts";

const SEEDS = 60;

Deno.test(`simulate() breaks no promise at any step of ${SEEDS} seeds`, async () => {
  let [steps, calls] = [0, 0];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const played = await simulate(seed);
    steps += played.steps;
    calls += played.calls;
  }
  assert(steps > 5_000, `it saw ${steps} steps only`);
  assert(calls > 500, `${calls} calls only were on their way`);
});

Deno.test("simulate() plays the same from the same seed, and another from another", async () => {
  const [one, again, other] = [await simulate(7), await simulate(7), await simulate(8)];
  assertEquals(one, again);
  assert(one.fingerprint !== other.fingerprint);
});
