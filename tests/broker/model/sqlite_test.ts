import { assertEquals } from "@std/assert";
import { openFile, openMemory } from "../sqlite/harness.ts";
import { modelRuns } from "./model.ts";
import { RUNS } from "./size.ts";

Deno.test(`sqlite does as the model does: ${RUNS} runs of up to 100 steps`, async () => {
  const tally = await modelRuns(openMemory, { runs: RUNS, seed: 1, lanes: 1 });
  assertEquals([tally.runs, tally.missing()], [RUNS, []]);
});

Deno.test(`sqlite in a file does as the model does: ${RUNS / 10} runs`, async () => {
  await modelRuns(openFile, { runs: RUNS / 10, seed: 2, lanes: 1 });
});
