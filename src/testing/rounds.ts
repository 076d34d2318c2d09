/** Rounds: runs what is due, then moves the clock to what is due next, up to an instant. */

import type { Pump } from "../worker/pump.ts";
import type { Worker } from "../worker/worker.ts";
import type { RecordingBroker } from "./enqueued.ts";
import type { Handlers } from "./handlers.ts";
import { RealTime } from "./real_time.ts";
import { TestKitError } from "./test_kit_error.ts";
import type { VirtualClock } from "./virtual_clock.ts";

/** Nothing is on its way when nobody has used the clock or the store for so many turns. */
const QUIET_TURNS = 3;
/** Longer than any test; a drain takes nothing whose timeout is longer than its budget. */
const BUDGET = "520w";
/** How long the workers have at the end, by the clock. */
const GRACE_MS = 4_000;

/** Is what rounds are played with. */
export interface RoundsOptions {
  /** The store. */
  readonly store: RecordingBroker;
  /** Its time, and that of its workers. */
  readonly clock: VirtualClock;
  /** Makes a worker for queues. */
  readonly worker: (queues: readonly string[]) => Worker;
  /** The only queues to serve; undefined for all that hold messages. */
  readonly queues: readonly string[] | undefined;
  /** Gives all workers that are at work, those of the test included. */
  readonly pumps: () => readonly Pump[];
  /** The handlers that it runs. */
  readonly handlers: Handlers;
  /** How long a handler may do nothing that is seen before time goes on, in real milliseconds. */
  readonly patienceMs: number;
  /** How long a handler may take while time must not go on, in real milliseconds. */
  readonly stuckMs: number;
}

/** Plays rounds; one per kit. */
export class Rounds {
  readonly #options: RoundsOptions;
  readonly #real = new RealTime();
  readonly #drains = new Set<Promise<void>>();
  #leftAlone = 0;
  #failure: { readonly error: unknown } | undefined;

  /** Makes it. */
  constructor(options: RoundsOptions) {
    this.#options = options;
  }

  /** Runs all that is due until an instant of the clock, at its very time each. */
  async advanceTo(endAt: number): Promise<void> {
    const { clock, handlers, patienceMs } = this.#options;
    for (;;) {
      const dueAt = await this.#runDue();
      if (this.#isBusy() && this.#leftAlone < handlers.begun) {
        if (await this.#progress(patienceMs)) continue;
        // It had its real time: what it waits for may be the clock's, such as its timeout.
        this.#leftAlone = handlers.begun;
      }
      const next = Math.min(clock.nextAt, dueAt > clock.now() ? dueAt : Infinity);
      if (next > endAt) return clock.moveTo(endAt);
      clock.moveTo(next);
    }
  }

  /** Runs all that is due, and what comes of it, while the clock stands still. */
  async untilIdle(): Promise<void> {
    const { stuckMs } = this.#options;
    for (;;) {
      await this.#runDue();
      if (!this.#isBusy()) return;
      if (!await this.#progress(stuckMs)) throw this.stuck();
    }
  }

  /** Has a drain begin. */
  drain(queues: readonly string[]): void {
    const drain = this.#options.worker(queues).drain({ budget: BUDGET })
      .then(() => {}, (error) => void (this.#failure ??= { error }))
      .finally(() => this.#drains.delete(drain));
    this.#drains.add(drain);
  }

  /** Waits for a promise, for no longer in real time than a handler may take. */
  async inTime<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const mark = () => void (settled = true);
    promise.then(mark, mark);
    const begunAt = this.#real.now();
    for (let turn = 0; !settled; turn++) {
      if (this.#real.now() - begunAt > this.#options.stuckMs) throw this.stuck();
      if (this.#failure) throw this.#failure.error;
      await (turn < 20 ? this.#real.turn() : this.#real.pause(2));
    }
    return await promise;
  }

  /** Stops all workers as at the end of a process: what they do not end is handed back. */
  async end(): Promise<void> {
    const { clock, pumps } = this.#options;
    for (const pump of pumps()) pump.stop(GRACE_MS);
    for (;;) {
      await this.#quiet();
      if (pumps().length === 0 || clock.nextAt === Infinity) return;
      clock.moveTo(clock.nextAt);
    }
  }

  /** Says that handlers do not end. */
  stuck(): TestKitError {
    const names = this.#options.handlers.running.join(", ") || "none";
    return new TestKitError(
      `Cannot wait for handlers any longer: after ${this.#options.stuckMs} ms of real time these ` +
        `still run: ${names}; time stands still here, so advance() to their timeout, ` +
        "or give testDabba() a longer stuckAfter",
    );
  }

  // Gives when the store has work next, by the clock.
  async #runDue(): Promise<number> {
    const { clock, store } = this.#options;
    for (;;) {
      await this.#quiet();
      if (this.#failure) throw this.#failure.error;
      const queues = this.#options.queues ??
        (await store.stats()).queues.map(({ queue }) => queue);
      const dueMs = await store.probe(queues);
      const dueAt = dueMs === undefined ? Infinity : clock.fromWall(dueMs);
      if (dueAt > clock.now()) return dueAt;
      this.drain(queues);
    }
  }

  async #quiet(): Promise<void> {
    for (let still = 0; still < QUIET_TURNS;) {
      const seen = this.#activity();
      await this.#real.turn();
      still = this.#activity() === seen ? still + 1 : 0;
    }
  }

  #isBusy(): boolean {
    return this.#drains.size > 0 || this.#options.handlers.running.length > 0;
  }

  // Whether something happened within so much real time.
  async #progress(limitMs: number): Promise<boolean> {
    const seen = this.#activity();
    const begunAt = this.#real.now();
    for (let wait = 1; this.#real.now() - begunAt < limitMs; wait = Math.min(2 * wait, 20)) {
      await this.#real.pause(wait);
      if (this.#activity() !== seen) return true;
    }
    return false;
  }

  #activity(): string {
    const { clock, store, handlers } = this.#options;
    const { begun, running } = handlers;
    return [clock.activity, store.activity, begun, running.length, this.#drains.size].join();
  }
}
