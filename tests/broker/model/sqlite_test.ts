import { assertEquals } from "@std/assert";
import { openFile, openMemory } from "../sqlite/harness.ts";
import { modelRuns } from "./model.ts";
import { FILLING } from "./outcomes.ts";
import { FEW_DEAD, RUNS } from "./size.ts";

Deno.test(`sqlite does as the model does: ${RUNS} runs of up to 100 steps`, async () => {
  const tally = await modelRuns(openMemory, { runs: RUNS, seed: 1, lanes: 1 });
  assertEquals([tally.runs, tally.missing()], [RUNS, []]);
});

Deno.test(`sqlite with few dead letters does as the model does: ${RUNS / 4} runs`, async () => {
  const options = { runs: RUNS / 4, seed: 3, lanes: 1, bounds: FEW_DEAD };
  const tally = await modelRuns(openMemory, options);
  assertEquals(tally.missing(FILLING), []);
});

Deno.test(`sqlite in a file does as the model does: ${RUNS / 10} runs`, async () => {
  await modelRuns(openFile, { runs: RUNS / 10, seed: 2, lanes: 1 });
});
