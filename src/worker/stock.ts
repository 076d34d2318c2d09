/** The stock: what a worker takes ahead of its permits, and how much of that is wise. */

import { MAX_BATCH } from "../broker/broker.ts";
import type { Run } from "./run.ts";

/** How long after its claim a message should have ended, for more to be taken than may run at once. */
const BRISK_MS = 5;
/** How long a message may wait here before it is handed back: others may have a permit for it. */
const PATIENCE_MS = 100;
/** For how long nothing is taken ahead after something had to be handed back. */
const CALM_MS = 10_000;

/** Is a look that brought messages. */
export interface Look {
  /** The store's clock when it answered. */
  readonly nowMs: number;
  /** The worker's clock when it was asked. */
  readonly sentAt: number;
}

/** Is a message that waits for a permit. */
export interface Waiting {
  readonly run: Run;
  readonly look: Look;
}

/**
 * Keeps what waits for a permit.
 *
 * Round trips, not handlers, are what quick messages take time for. As long as each has ended within
 * milliseconds of its claim, more are taken than may run at once, twice as many with each full look;
 * of what takes longer no more is taken than can begin.
 */
export class Stock {
  readonly #permits: number;
  readonly #ahead: boolean;
  #waiting: Waiting[] = [];
  #next = 0;
  #room: number;
  #ended = 0;
  #slowestMs = 0;
  #calmUntil = -Infinity;
  #left = false;

  /** Makes it for so many permits; nothing is taken ahead unless `ahead`. */
  constructor(permits: number, ahead: boolean) {
    this.#permits = this.#room = permits;
    this.#ahead = ahead;
  }

  /** How many messages may be in this worker's hands: those that run, and those that wait. */
  get room(): number {
    return this.#left ? this.#permits : this.#room;
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.length - this.#next;
  }

  /** When the first one has waited too long, by the worker's clock; Infinity for none. */
  get staleAt(): number {
    const first = this.#waiting[this.#next];
    return first === undefined ? Infinity : first.run.claimedAt + PATIENCE_MS;
  }

  /** Adds what came. */
  add(waiting: Waiting): void {
    this.#waiting.push(waiting);
  }

  /** Takes the one that came first. */
  take(): Waiting | undefined {
    const first = this.#waiting[this.#next];
    if (first === undefined) return undefined;
    this.#next++;
    if (this.#next === this.#waiting.length) {
      this.#waiting = [];
      this.#next = 0;
    }
    return first;
  }

  /** Takes down how long after its claim a message has ended, in milliseconds. */
  ended(ms: number): void {
    this.#ended++;
    if (ms > this.#slowestMs) this.#slowestMs = ms;
  }

  /**
   * Takes down that a look was answered at `now`, whether it brought all that it asked for, and whether
   * something was left that is not given to wait: the next look has a permit for it.
   */
  looked(now: number, { full, left }: { readonly full: boolean; readonly left: boolean }): void {
    this.#left = left;
    if (!this.#ahead) return;
    if (this.#slowestMs > BRISK_MS) {
      this.#resize(this.#room * BRISK_MS / this.#slowestMs);
    } else if (full && this.#ended * 2 >= this.#room && now >= this.#calmUntil) {
      this.#resize(this.#room * 2);
    }
  }

  /** Takes down that something waited in vain. */
  stalled(now: number): void {
    this.#resize(0);
    this.#calmUntil = now + CALM_MS;
  }

  #resize(room: number): void {
    this.#room = Math.max(this.#permits, Math.min(MAX_BATCH, Math.floor(room)));
    this.#ended = this.#slowestMs = 0;
  }
}
