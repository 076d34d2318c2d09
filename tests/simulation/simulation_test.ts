import { assert, assertEquals } from "@std/assert";
import { simulate } from "./simulate.ts";

const SEEDS = 60;

Deno.test(`simulate() breaks no promise at any step of ${SEEDS} seeds`, async () => {
  let steps = 0;
  for (let seed = 1; seed <= SEEDS; seed++) steps += (await simulate(seed)).steps;
  assert(steps > 5_000, `it saw ${steps} steps only`);
});

Deno.test("simulate() plays the same from the same seed, and another from another", async () => {
  const [one, again, other] = [await simulate(7), await simulate(7), await simulate(8)];
  assertEquals(one, again);
  assert(one.fingerprint !== other.fingerprint);
});
