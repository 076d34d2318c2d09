/** Reads the flat lists that scripts answer with. */

/** Says that a reply is not what the script answers: a proxy or a client has changed it. */
export class ReplyShapeError extends Error {
  override readonly name = "ReplyShapeError";
}

/**
 * Takes values off a reply, one after the other.
 *
 * Texts that a client could take for JSON, such as an id of digits, begin with "=", so that also a
 * client which parses every string hands them over unharmed. Numbers may come as text.
 */
export class ReplyReader {
  readonly #values: readonly unknown[];
  #at = 0;

  /** Begins at the first value. */
  constructor(reply: unknown) {
    if (!Array.isArray(reply)) throw new ReplyShapeError("the reply is not a list");
    this.#values = reply;
  }

  /** How many values are left. */
  get left(): number {
    return this.#values.length - this.#at;
  }

  /** Takes a text as it is. */
  text(): string {
    const value = this.#values[this.#at++];
    if (typeof value !== "string") throw new ReplyShapeError("a text is missing from the reply");
    return value;
  }

  /** Takes a text that was marked. */
  marked(): string {
    const value = this.text();
    if (value[0] !== "=") throw new ReplyShapeError("a text of the reply has lost its mark");
    return value.slice(1);
  }

  /** Takes words that were marked and are separated by spaces. */
  words(): string[] {
    const words = this.marked();
    return words === "" ? [] : words.split(" ");
  }

  /** Takes a whole number. */
  number(): number {
    const value = this.maybe();
    if (value === undefined) throw new ReplyShapeError("a number is missing from the reply");
    return value;
  }

  /** Takes a whole number that may be left empty. */
  maybe(): number | undefined {
    const value = this.#values[this.#at++];
    if (value === "") return undefined;
    const number = typeof value === "string" ? Number(value) : value;
    if (typeof number === "number" && Number.isSafeInteger(number)) return number;
    throw new ReplyShapeError("a number is missing from the reply");
  }

  /** Takes one letter for each of so many entries. */
  letters(count: number): string {
    const letters = this.marked();
    if (letters.length === count) return letters;
    throw new ReplyShapeError("the reply answers for another number of entries");
  }
}
