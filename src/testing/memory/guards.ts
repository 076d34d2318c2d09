/** Refuses requests that no store could serve, before anything is changed. */

import {
  type ExchangeRequest,
  MAX_BATCH,
  PRIORITIES,
  type PushMessage,
} from "../../broker/broker.ts";

/** Refuses a list of more than `MAX_BATCH` entries. */
export function guardBatch(operation: string, entries: readonly unknown[]): void {
  guardCount(operation, "entries", { count: entries.length, least: 0 });
}

/** Refuses messages that could not be claimed. */
export function guardMessages(messages: readonly PushMessage[]): void {
  guardBatch("enqueue", messages);
  for (const { priority } of messages) {
    // In a lane that nobody claims, a message would be lost.
    if (!PRIORITIES.includes(priority)) throw new TypeError(`Unknown priority "${priority}"`);
  }
}

/** Refuses a request whose parts are out of bounds. */
export function guardExchange({ settle, extend, claim, trim }: ExchangeRequest): void {
  guardCount("exchange", "settlements", { count: settle.length, least: 0 });
  guardCount("exchange", "extensions", { count: extend.length, least: 0 });
  guardCount("exchange", "trim", { count: trim, least: 0 });
  if (claim) guardCount("exchange", "max of the claim", { count: claim.max, least: 1 });
}

/** Refuses a number that is not whole or not within `least` and `MAX_BATCH`. */
export function guardCount(
  operation: string,
  what: string,
  { count, least }: { readonly count: number; readonly least: number },
): void {
  if (Number.isInteger(count) && count >= least && count <= MAX_BATCH) return;
  throw new RangeError(
    `Cannot ${operation}: ${what} is ${count}, it must be ${least} to ${MAX_BATCH}`,
  );
}
