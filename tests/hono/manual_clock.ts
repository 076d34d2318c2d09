/** A clock that stands still until a test moves it. */

/** Fits the clock that the package waits by. */
export class ManualClock {
  #now = 0;
  #timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  #watchers: (() => void)[] = [];

  now(): number {
    return this.#now;
  }

  random(): number {
    return 0.5;
  }

  timer(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback };
    this.#timers.add(timer);
    for (const watcher of this.#watchers.splice(0)) watcher();
    return () => void this.#timers.delete(timer);
  }

  /** How many timers wait. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** Goes to the next timer and lets it ring; waits for one to be set if there is none. */
  async next(): Promise<void> {
    if (this.#timers.size === 0) {
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
    }
    const timer = [...this.#timers].reduce((a, b) => b.at < a.at ? b : a);
    this.#timers.delete(timer);
    this.#now = Math.max(this.#now, timer.at);
    timer.callback();
  }
}
