/** Refuses requests that no store could serve, and texts that would break a record apart. */

import { type ExchangeRequest, MAX_BATCH, type PushMessage } from "../broker.ts";

const NAME = /^[A-Za-z0-9_.:-]{1,64}$/;
const CLAIM = /^[A-Za-z0-9_.:-]{1,128}$/;

/** An id that no message has. */
const NOBODY = "?";

/** Gives the id, or one that no message has when it is none: records have other fields, too. */
export function safeId(id: string): string {
  return NAME.test(id) ? id : NOBODY;
}

/** Gives the claim, or one that nobody has when it is none. */
export function safeClaim(claim: string): string {
  return CLAIM.test(claim) ? claim : NOBODY;
}

/** Gives who looks and its look as one word, or nothing when it is none: then it is not called. */
export function safeSleeper(sleeper: string = ""): string {
  return /^[A-Za-z0-9_-]{1,64}\.\d{1,15}$/.test(sleeper) ? sleeper : "";
}

/** Refuses a name that is none. */
export function guardName(operation: string, what: string, name: string): void {
  if (NAME.test(name)) return;
  throw new TypeError(
    `Cannot ${operation}: ${what} "${String(name).slice(0, 80)}" is not 1 to 64 characters of ` +
      `A-Z a-z 0-9 _ . : -`,
  );
}

/** Refuses a list of more than `MAX_BATCH` entries. */
export function guardBatch(operation: string, entries: readonly unknown[]): void {
  guardCount(operation, "entries", entries.length, 0);
}

/** Refuses messages that cannot be stored. */
export function guardMessages(messages: readonly PushMessage[]): void {
  guardBatch("enqueue", messages);
  for (const { id, queue, nonce } of messages) {
    guardName("enqueue", "id", id);
    guardName("enqueue", "queue", queue);
    guardName("enqueue", "nonce", nonce);
  }
}

/** Refuses a request whose parts are out of bounds. */
export function guardExchange({ settle, extend, claim, trim, ...caller }: ExchangeRequest): void {
  guardCount("exchange", "settlements", settle.length, 0);
  guardCount("exchange", "extensions", extend.length, 0);
  guardCount("exchange", "trim", trim, 0);
  guardName("exchange", "channel", caller.channel);
  if (!Number.isSafeInteger(caller.seq)) {
    throw new RangeError(`Cannot exchange: seq is ${caller.seq}, it must be a whole number`);
  }
  if (!/^\S{0,64}$/.test(caller.worker)) {
    throw new TypeError("Cannot exchange: the worker's name has spaces, or over 64 characters");
  }
  if (claim === undefined) return;
  guardCount("exchange", "max of the claim", claim.max, 1);
  for (const queue of claim.queues) guardName("exchange", "queue", queue);
}

/** Refuses a number that is not whole or not within `least` and `MAX_BATCH`. */
export function guardCount(operation: string, what: string, count: number, least: number): void {
  if (Number.isInteger(count) && count >= least && count <= MAX_BATCH) return;
  throw new RangeError(
    `Cannot ${operation}: ${what} is ${count}, it must be ${least} to ${MAX_BATCH}`,
  );
}

/** Gives a time span as whole milliseconds that a double holds exactly. */
export function wholeMs(ms: number): number {
  if (Number.isNaN(ms)) throw new RangeError("Cannot use NaN as a time span in milliseconds");
  return Math.max(0, Math.min(Math.round(ms), 8_999_999_999_999));
}
