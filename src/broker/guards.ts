/** Guards of every broker: refuse requests that no store could serve, before any I/O. */

import { type ExchangeRequest, EXCHANGING, MAX_BATCH } from "./broker.ts";

/** Refuses a number that is not whole or not within `least` and `MAX_BATCH`. */
export function guardCount(operation: string, what: string, count: number, least: number): void {
  if (Number.isInteger(count) && count >= least && count <= MAX_BATCH) return;
  throw new RangeError(
    `Cannot ${operation}: ${what} is ${count}, it must be ${least} to ${MAX_BATCH}`,
  );
}

/** Refuses a list of more than `MAX_BATCH` entries. */
export function guardBatch(operation: string, entries: readonly unknown[]): void {
  guardCount(operation, "entries", entries.length, 0);
}

/** Refuses a request whose parts are out of bounds. */
export function guardExchange({ settle, extend, claim, trim }: ExchangeRequest): void {
  guardCount(EXCHANGING, "settlements", settle.length, 0);
  guardCount(EXCHANGING, "extensions", extend.length, 0);
  guardCount(EXCHANGING, "trim", trim, 0);
  if (claim === undefined) return;
  guardCount(EXCHANGING, "max of the claim", claim.max, 1);
  guardCount(EXCHANGING, "begins of the claim", claim.begins ?? 0, 0);
}
