/**
 * Wake-ups: how a store calls workers that wait for work, so that they need not ask.
 *
 * Nothing leans on them. A call may be lost, doubled or late, and a subscription may die without a
 * word: then a worker finds at its next look what it was not called for. What holds of a store that is
 * in order:
 * - A look that finds nothing leaves the worker's word at the queues that it asked for, in the same
 *   step: whatever comes later finds it there.
 * - What is due takes the words of those that looked last, one for each message, and calls them; so a
 *   worker that has not looked since is called once, and nothing is sent when nobody sleeps.
 * - What is due later than now calls everybody, takes no word, and only if it is due sooner than all
 *   that was there.
 * - A late copy of a look leaves no word over that of a newer look.
 */

/** Is one call: work has come, or will. */
export interface Call {
  /** How long it is until the work is due, in milliseconds; 0 for now. */
  readonly waitMs: number;
  /** The look whose word was taken; undefined where others were called. */
  readonly look?: number;
}

/** Is a subscription to calls. */
export interface Watch {
  /** The queues whose calls count. */
  readonly queues: readonly string[];
  /** Who is to be called, as in `ExchangeRequest.sleeper`, without the look. */
  readonly id: string;
  /** Ends the subscription. */
  readonly signal: AbortSignal;
  /** Calls come from now on; what came before is not told. */
  onLive(): void;
  /** Work has come. */
  onCall(call: Call): void;
}

/** How many words a queue keeps: the oldest may be of workers that are gone. */
export const MOST_SLEEPERS = 16;
