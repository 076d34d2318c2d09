/** The limits of a run or a drain. */

import type { Allowance } from "./allowance.ts";

/** Is when a pump must end. */
export interface Limits {
  /** Whether it ends as soon as nothing is due. */
  readonly drain: boolean;
  /** When its handlers should have ended, by the worker's clock; Infinity for never. */
  readonly deadline: number;
  /** When it stops trying to reach the store, by the worker's clock; Infinity for never. */
  readonly giveUpAt: number;
  /** How many messages it may take, and how many requests it may make. */
  readonly allowance: Allowance;
}

/** Checks what is to end a run; throws `TypeError`. */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal === undefined || typeof signal?.addEventListener === "function") return;
  throw new TypeError(
    "Cannot use signal: expected an AbortSignal, such as the signal of an AbortController",
  );
}
