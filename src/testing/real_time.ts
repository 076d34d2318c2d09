/** Real time, for a kit whose own time stands still. */

/** Waits in real time; keeps the timers it was made with, also when a test replaces them later. */
export class RealTime {
  readonly #setTimeout = globalThis.setTimeout;
  readonly #setImmediate = (globalThis as { setImmediate?: (call: () => void) => unknown })
    .setImmediate;
  readonly #now = performance.now.bind(performance);

  /** Milliseconds that never go backwards. */
  now(): number {
    return this.#now();
  }

  /** Waits for so many milliseconds. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#setTimeout.call(globalThis, resolve, ms));
  }

  /** Lets what is on its way get on: one turn of the event loop. */
  turn(): Promise<void> {
    const setImmediate = this.#setImmediate;
    if (setImmediate === undefined) return this.pause(0);
    return new Promise((resolve) => void setImmediate.call(globalThis, resolve));
  }
}
