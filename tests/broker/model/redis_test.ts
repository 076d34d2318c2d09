import { assertEquals } from "@std/assert";
import { openTcp } from "../redis/harness.ts";
import { modelRuns } from "./model.ts";
import { redisStores } from "./redis_store.ts";
import { FILLING } from "./outcomes.ts";
import { FEW_DEAD, RUNS } from "./size.ts";

Deno.test(`redis over HTTP does as the model does: ${RUNS} runs of up to 100 steps`, async () => {
  await using stores = await redisStores();
  const tally = await modelRuns(stores.open, { runs: RUNS, seed: 1, lanes: 8 });
  assertEquals([tally.runs, tally.missing()], [RUNS, []]);
});

Deno.test(`redis with few dead letters does as the model does: ${RUNS / 4} runs`, async () => {
  await using stores = await redisStores();
  const options = { runs: RUNS / 4, seed: 3, lanes: 8, bounds: FEW_DEAD };
  const tally = await modelRuns(stores.open, options);
  assertEquals(tally.missing(FILLING), []);
});

Deno.test(`redis over TCP does as the model does: ${RUNS / 10} runs`, async () => {
  await modelRuns(openTcp, { runs: RUNS / 10, seed: 2, lanes: 4 });
});
