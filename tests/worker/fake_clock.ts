/** A clock that a test moves: the worker's timers and the store's time both go by it. */

import { setImmediate } from "node:timers";
import type { Clock } from "../../src/worker/clock.ts";

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** The instant at which the store's time begins. */
export const EPOCH_MS = 1_790_000_000_000;

/** Stands still unless it is moved; what a moment sets off has ended before the next one. */
export class FakeClock implements Clock {
  #now = 0;
  #timers: Timer[] = [];
  /** What `random()` gives. */
  chance = 0.5;

  now(): number {
    return this.#now;
  }

  random(): number {
    return this.chance;
  }

  timer(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, ms), callback };
    this.#timers.push(timer);
    return () => void (this.#timers = this.#timers.filter((other) => other !== timer));
  }

  async turn(): Promise<void> {
    for (let hop = 0; hop < 16; hop++) await undefined;
  }

  /** How many timers wait. */
  get timers(): number {
    return this.#timers.length;
  }

  /** The store's time, for `sqliteBroker({ clock })`. */
  readonly store = (): number => EPOCH_MS + this.#now;

  /** Moves on, through every timer on the way. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    while (await this.#next(end));
    this.#now = end;
  }

  /** Leaps ahead without a stop, as for a process that was stopped meanwhile. */
  leap(ms: number): void {
    this.#now += ms;
  }

  /** Moves on until a promise has settled; fails when it waits for nothing that will come in an hour. */
  async until<T>(promise: Promise<T>, limitMs = 3_600_000): Promise<T> {
    let settled = false;
    const mark = () => void (settled = true);
    promise.then(mark, mark);
    const end = this.#now + limitMs;
    await settle();
    while (!settled) {
      if (!await this.#next(end)) {
        throw new Error("Nothing that comes in that time settles the promise");
      }
    }
    return await promise;
  }

  // Rings the next timer up to `end`; says whether there was one.
  async #next(end: number): Promise<boolean> {
    const [first] = this.#timers.toSorted((a, b) => a.at - b.at);
    if (first === undefined || first.at > end) return false;
    this.#timers = this.#timers.filter((timer) => timer !== first);
    this.#now = Math.max(this.#now, first.at);
    first.callback();
    await settle();
    return true;
  }
}

/** Lets everything that is on its way end: promises, and calls of an embedded broker. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
