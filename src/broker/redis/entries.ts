/** Groups the entries of a request by what they have in common, which for most of them is a lot. */

/**
 * Lists runs: how many entries in turn have which head, as is called what they begin with.
 *
 * A script then words the beginning of a record once, not once for each message: taking texts apart
 * and putting numbers into them is what costs time in Lua.
 */
export class Entries {
  readonly #numbers = new Map<string, number>();
  readonly #runs: { readonly head: string | number; count: number }[] = [];
  #last: string | undefined;
  /** The id of each entry. */
  readonly ids: string[] = [];
  /** The text of each. */
  readonly texts: string[] = [];

  /** Adds an entry. */
  add(head: string, id: string, text: string): void {
    if (head === this.#last) this.#runs.at(-1)!.count++;
    else this.#begin(head);
    this.ids.push(id);
    this.texts.push(text);
  }

  #begin(head: string): void {
    const number = this.#numbers.get(head);
    if (number === undefined) this.#numbers.set(head, this.#numbers.size + 1);
    this.#runs.push({ head: number ?? head, count: 1 });
    this.#last = head;
  }

  /** The length of each run, and its head: in full the first time, by its number from then on. */
  get runs(): string[] {
    return this.#runs.map(({ head, count }) => `${count} ${head}`);
  }
}
