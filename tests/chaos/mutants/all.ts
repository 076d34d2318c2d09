/** Every mutant of the rig. */

import { gatewayMutants } from "./gateway_mutants.ts";
import type { Mutant } from "./mutant.ts";
import { redisMutants } from "./redis_mutants.ts";
import { sqliteMutants } from "./sqlite_mutants.ts";
import { workerMutants } from "./worker_mutants.ts";

/** Guards of all parts. */
export const MUTANTS: readonly Mutant[] = [
  ...gatewayMutants,
  ...redisMutants,
  ...sqliteMutants,
  ...workerMutants,
];
