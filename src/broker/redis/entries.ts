/** Groups the entries of a request by what they have in common, which for most of them is a lot. */

/**
 * Lists heads and runs: what entries begin with, each once, and how many in turn have which.
 *
 * A script then words the beginning of a record once, not once for each message: taking texts apart
 * and putting numbers into them is what costs time in Lua.
 */
export class Entries {
  readonly #numbers = new Map<string, number>();
  readonly #runs: { readonly head: string; count: number }[] = [];
  /** Id and text of each entry, one after the other. */
  readonly values: string[] = [];

  /** Adds an entry. */
  add(head: string, id: string, text: string): void {
    const last = this.#runs.at(-1);
    if (last?.head === head) last.count++;
    else this.#begin(head);
    this.values.push(id, text);
  }

  #begin(head: string): void {
    if (!this.#numbers.has(head)) this.#numbers.set(head, this.#numbers.size + 1);
    this.#runs.push({ head, count: 1 });
  }

  /** The different heads. */
  get heads(): string[] {
    return [...this.#numbers.keys()];
  }

  /** Number of a head and length of the run, separated by a space. */
  get runs(): string[] {
    return this.#runs.map(({ head, count }) => `${this.#numbers.get(head)} ${count}`);
  }
}
