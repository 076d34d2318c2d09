/** Guards of Redis: refuse texts that would break a record apart, and make numbers whole. */

import { type ExchangeRequest, EXCHANGING, type PushMessage } from "../broker.ts";
import { guardBatch } from "../guards.ts";

const NAME = /^[A-Za-z0-9_.:-]{1,64}$/;
const NAMES = ["id", "queue", "nonce"] as const;
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

/** Refuses messages that cannot be stored. */
export function guardMessages(messages: readonly PushMessage[]): void {
  guardBatch("enqueue", messages);
  for (const message of messages) {
    for (const what of NAMES) guardName("enqueue", what, message[what]);
  }
}

/** Refuses a request to take or settle messages whose names could not be words of a script. */
export function guardNames({ claim, channel, seq, worker }: ExchangeRequest): void {
  guardName(EXCHANGING, "channel", channel);
  if (!Number.isSafeInteger(seq)) {
    throw new RangeError(`Cannot ${EXCHANGING}: seq is ${seq}, it must be a whole number`);
  }
  if (!/^\S{0,64}$/.test(worker)) {
    throw new TypeError(
      `Cannot ${EXCHANGING}: the worker's name has spaces, or over 64 characters`,
    );
  }
  for (const queue of claim?.queues ?? []) guardName(EXCHANGING, "queue", queue);
}

/** Gives a time span as whole milliseconds that a double holds exactly. */
export function wholeMs(ms: number): number {
  if (Number.isNaN(ms)) throw new RangeError("Cannot use NaN as a time span in milliseconds");
  return Math.max(0, Math.min(Math.round(ms), 8_999_999_999_999));
}
