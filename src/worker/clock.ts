/** Time as the worker sees it: only for waiting, never for deciding who owns a message. */

import { endOfTurn } from "../turn.ts";

/** Tells time and wakes; tests and simulators give their own. */
export interface Clock {
  /** Milliseconds that never go backwards, from any start. */
  now(): number;
  /** Calls back after `ms`; the function that comes back calls it off. */
  timer(ms: number, callback: () => void): () => void;
  /** Lets timers, signals and requests have their turn. */
  turn(): Promise<void>;
  /** A number from 0 to 1. */
  random(): number;
}

/** The longest time that `setTimeout` takes; longer ones would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Makes the clock of the machine. */
export function systemClock(): Clock {
  return {
    now: () => performance.now(),
    timer(ms, callback) {
      // In full: a part of a millisecond is cut off, and what rings early finds nothing due.
      const timer = setTimeout(callback, Math.min(Math.max(0, Math.ceil(ms)), MAX_TIMER_MS));
      return () => clearTimeout(timer);
    },
    turn: endOfTurn,
    random: () => Math.random(),
  };
}
