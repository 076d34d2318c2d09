/** A wake-up: loops wait on it, and anything that gives them work rings it. */

import type { Clock } from "./clock.ts";

/** Lets loops sleep until there is something to do. */
export class Wake {
  readonly #clock: Clock;
  #sleepers: (() => void)[] = [];

  /** Makes it on a clock. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Wakes every sleeper. */
  ring(): void {
    if (this.#sleepers.length === 0) return;
    const sleepers = this.#sleepers;
    this.#sleepers = [];
    for (const rise of sleepers) rise();
  }

  /** Sleeps until the next ring, or for `ms` at most. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = Number.isFinite(ms)
        ? this.#clock.timer(ms, () => this.#rise(rise))
        : undefined;
      const rise = () => {
        cancel?.();
        resolve();
      };
      this.#sleepers.push(rise);
    });
  }

  #rise(rise: () => void): void {
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper !== rise);
    rise();
  }
}
