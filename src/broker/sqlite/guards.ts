/** Refuses requests that no store could serve, before any I/O. */

import { type ExchangeRequest, MAX_BATCH } from "../broker.ts";

/** Refuses a list of more than `MAX_BATCH` entries. */
export function guardBatch(operation: string, entries: readonly unknown[]): void {
  guardCount(operation, "entries", entries.length, 0);
}

/** Refuses a request whose parts are out of bounds. */
export function guardExchange({ settle, extend, claim, trim }: ExchangeRequest): void {
  guardCount("exchange", "settlements", settle.length, 0);
  guardCount("exchange", "extensions", extend.length, 0);
  if (claim !== undefined) guardCount("exchange", "max of the claim", claim.max, 1);
  guardCount("exchange", "trim", trim, 0);
}

/** Refuses a number that is not whole or not within `least` and `MAX_BATCH`. */
export function guardCount(operation: string, what: string, count: number, least: number): void {
  if (Number.isInteger(count) && count >= least && count <= MAX_BATCH) return;
  throw new RangeError(
    `Cannot ${operation}: ${what} is ${count}, it must be ${least} to ${MAX_BATCH}`,
  );
}
