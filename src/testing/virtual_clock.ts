/** A clock that stands still until it is moved: the time of a store and of its workers. */

import { endOfTurn } from "../turn.ts";
import type { Clock } from "../worker/clock.ts";
import { randomOf } from "./random.ts";

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** Is the time of a test kit; its random numbers follow from a seed. */
export class VirtualClock implements Clock {
  /** The store's time: milliseconds since 1970. */
  readonly wall: () => number;
  /** Gives the seed's numbers, 0 to 1. */
  readonly random: () => number;
  /** Grows whenever somebody uses the clock: while it does, something is going on. */
  activity = 0;
  readonly #startMs: number;
  readonly #timers = new Set<Timer>();
  #now = 0;

  /** Makes it; its store's time begins at `startMs`. */
  constructor(startMs: number, seed: number) {
    this.#startMs = startMs;
    this.wall = () => startMs + this.#now;
    this.random = randomOf(seed);
  }

  /** Milliseconds since the clock began. */
  now(): number {
    return this.#now;
  }

  /** When the next timer rings; Infinity for none. */
  get nextAt(): number {
    return Math.min(...Array.from(this.#timers, ({ at }) => at));
  }

  /** Reads an instant of the store as this clock's own. */
  fromWall(ms: number): number {
    return ms - this.#startMs;
  }

  /** Calls back once the clock is moved so far. */
  timer(ms: number, callback: () => void): () => void {
    this.activity++;
    const timer = { at: this.#now + Math.max(0, ms), callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Lets real timers, signals and requests have their turn. */
  async turn(): Promise<void> {
    this.activity++;
    await endOfTurn();
  }

  /** Moves on, and rings what is due then. */
  moveTo(at: number): void {
    this.#now = Math.max(this.#now, at);
    const due = [...this.#timers].filter((timer) => timer.at <= this.#now);
    for (const timer of due.sort((a, b) => a.at - b.at)) {
      // One that rang before may have called it off.
      if (this.#timers.delete(timer)) timer.callback();
    }
  }
}
