/** Random numbers that a seed repeats. */

const MULTIPLIER = 0x2c9277b5;
const STEP = 0x9e3779b9;

/** Draws the same numbers for the same seed, on every machine. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Begins anew from another seed. */
  reseed(seed: number): void {
    this.#state = seed >>> 0;
  }

  /** Draws a whole number of 0 to `below` - 1. */
  below(below: number): number {
    this.#state = (this.#state + STEP) >>> 0;
    // A counter through two rounds of mixing: neighbouring seeds must not run alike.
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), MULTIPLIER);
    mixed = Math.imul(mixed ^ (mixed >>> 13), MULTIPLIER);
    return Math.floor(((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32 * below);
  }

  /** Draws a whole number between two, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** Says yes in so many of a hundred cases. */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  /** Draws one of several. */
  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  /** Draws a name by its weight. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const entries = Object.entries<number>(weights) as [Name, number][];
    let at = this.below(entries.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [name, weight] of entries) {
      if (at < weight) return name;
      at -= weight;
    }
    throw new RangeError("Cannot draw from nothing");
  }

  /** Draws some of several, in a random order, each at most once. */
  some<T>(choices: readonly T[], atMost: number): T[] {
    const left = [...choices];
    const drawn: T[] = [];
    const count = Math.min(left.length, this.below(atMost + 1));
    while (drawn.length < count) drawn.push(...left.splice(this.below(left.length), 1));
    return drawn;
  }
}
