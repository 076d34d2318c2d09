/** The one suite that every broker passes; registers a test for each sentence of the contract. */

import { assertEquals } from "@std/assert";
import { checkAll } from "../check/pages.ts";
import { cancelCases } from "./cancel_cases.ts";
import { claimCases } from "./claim_cases.ts";
import { deadBoundCases, FEW } from "./dead_bound_cases.ts";
import { deadCases } from "./dead_cases.ts";
import { dedupeCases } from "./dedupe_cases.ts";
import { expiryCases } from "./expiry_cases.ts";
import { extendCases } from "./extend_cases.ts";
import { guardCases } from "./guard_cases.ts";
import type { HarnessBounds, OpenHarness } from "./harness.ts";
import { opaqueCases } from "./opaque_cases.ts";
import { parkedCases } from "./parked_cases.ts";
import { pushCases } from "./push_cases.ts";
import { readCases } from "./read_cases.ts";
import { refusedCases } from "./refused_cases.ts";
import { replayCases } from "./replay_cases.ts";
import { retentionCases, TIGHT } from "./retention_cases.ts";
import { settleCases } from "./settle_cases.ts";
import { type Cases, Stage } from "./stage.ts";
import { statsCases } from "./stats_cases.ts";
import { trimCases } from "./trim_cases.ts";
import { waitingCases } from "./waiting_cases.ts";
import { wakeCases } from "./wake_cases.ts";

const SUBJECTS: readonly Cases[] = [
  pushCases,
  opaqueCases,
  claimCases,
  replayCases,
  settleCases,
  extendCases,
  parkedCases,
  readCases,
  refusedCases,
  cancelCases,
  deadCases,
  dedupeCases,
  expiryCases,
  statsCases,
  trimCases,
  waitingCases,
  wakeCases,
  guardCases,
];

/** Registers the suite for one broker; each test opens a store of its own. */
export function brokerContract(name: string, open: OpenHarness): void {
  const cases: (readonly [string, Cases[string], HarnessBounds?])[] = [
    ...SUBJECTS.flatMap((cases) => Object.entries(cases)),
    ...Object.entries(retentionCases).map((entry) => [...entry, { retention: TIGHT }] as const),
    ...Object.entries(deadBoundCases).map((entry) => [...entry, { deadLetters: FEW }] as const),
  ];
  for (const [behaviour, play, bounds] of cases) {
    Deno.test(`brokerContract: ${behaviour} [${name}]`, async () => {
      const harness = await open(bounds);
      try {
        await play(new Stage(harness));
        assertEquals(await harness.leftovers(), [], "left behind in the store");
        // A test may have closed the first one.
        const other = await harness.reopen?.();
        if (other) assertEquals((await checkAll(other)).findings, [], "found by a check");
      } finally {
        await harness.close();
      }
    });
  }
}
