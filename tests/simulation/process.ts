/** A process in a simulation: it may freeze and go on, or vanish. */

import type { Random } from "../broker/contract/random.ts";
import type { Clock } from "../../src/worker/clock.ts";
import type { FakeClock } from "../worker/fake_clock.ts";

/** Is the clock of one process, which stands still with it. */
export class Process implements Clock {
  readonly name: string;
  readonly #clock: FakeClock;
  readonly #random: Random;
  #held: (() => void)[] | undefined;
  #gone = false;

  constructor(name: string, clock: FakeClock, random: Random) {
    this.name = name;
    this.#clock = clock;
    this.#random = random;
  }

  now(): number {
    return this.#clock.now();
  }

  random(): number {
    return this.#random.below(2 ** 30) / 2 ** 30;
  }

  turn(): Promise<void> {
    return this.#clock.turn();
  }

  timer(ms: number, callback: () => void): () => void {
    let off = false;
    const cancel = this.#clock.timer(ms, () => this.#act(() => off || callback()));
    return () => {
      off = true;
      cancel();
    };
  }

  /** Waits. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.timer(ms, resolve));
  }

  /** Lets a promise settle only while the process goes on. */
  gate<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) =>
      promise.then(
        (value) => this.#act(() => resolve(value)),
        (error) => this.#act(() => reject(error)),
      )
    );
  }

  /** Stops it for a while; what comes meanwhile is dealt with afterwards. */
  freeze(ms: number): void {
    if (this.#held) return;
    this.#held = [];
    this.#clock.timer(ms, () => {
      const held = this.#held ?? [];
      this.#held = undefined;
      for (const act of held) this.#act(act);
    });
  }

  /** Ends it without a word. */
  vanish(): void {
    this.#gone = true;
  }

  #act(act: () => void): void {
    if (this.#gone) return;
    if (this.#held) this.#held.push(act);
    else act();
  }
}
