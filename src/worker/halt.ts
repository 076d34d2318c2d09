/** The halt: how a pump is told to end, and how long that may take. */

import type { Clock } from "./clock.ts";

/** Ends one pump, once. */
export class Halt {
  readonly #clock: Clock;
  readonly #controller = new AbortController();
  #until = Infinity;
  #cancel = () => {};

  /** Makes it on a clock. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Aborts when it is called: waits are cut short then. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether it was called. */
  get called(): boolean {
    return this.signal.aborted;
  }

  /** When all must be over, by the worker's clock; Infinity while it was not called. */
  get until(): number {
    return this.#until;
  }

  /** Calls it: handlers have three quarters of `graceMs`, then `abort` is to end them. */
  call(graceMs: number, abort: () => void): void {
    if (this.called) return;
    this.#until = this.#clock.now() + graceMs;
    this.#cancel = this.#clock.timer(graceMs * 0.75, abort);
    this.#controller.abort();
  }

  /** Calls off what is still to come. */
  over(): void {
    this.#cancel();
  }
}
