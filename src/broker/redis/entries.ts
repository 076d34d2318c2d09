/** Groups the entries of a request by what they have in common, which for most of them is a lot. */

/**
 * Lists heads and runs: what entries begin with, each once, and how many in turn have which.
 *
 * A script then words the beginning of a record once, not once for each message: taking texts apart
 * and putting numbers into them is what costs time in Lua.
 */
export class Entries {
  readonly #numbers = new Map<string, number>();
  readonly #runs: { readonly head: number; count: number }[] = [];
  /** What was given for each entry, one after the other. */
  readonly values: string[] = [];

  /** Adds an entry. */
  add(head: string, ...values: readonly string[]): void {
    const known = this.#numbers.get(head);
    const number = known ?? this.#numbers.size + 1;
    if (known === undefined) this.#numbers.set(head, number);
    const last = this.#runs.at(-1);
    if (last?.head === number) last.count++;
    else this.#runs.push({ head: number, count: 1 });
    for (const value of values) this.values.push(value);
  }

  /** The different heads. */
  get heads(): string[] {
    return [...this.#numbers.keys()];
  }

  /** Number of a head and length of the run, separated by a space. */
  get runs(): string[] {
    return this.#runs.map(({ head, count }) => `${head} ${count}`);
  }
}
