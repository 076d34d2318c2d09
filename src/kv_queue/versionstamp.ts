/** Versionstamps: hexadecimal digits that grow, and are the ids of messages. */

/** Draws versionstamps; one per opened queue. */
export class Versionstamps {
  #last = 0n;

  /** Draws one: by this process's clock, at random behind it, and above all that it drew before. */
  next(): string {
    // 44 bits of milliseconds, 84 of chance: an id must be nobody else's.
    let stamp = BigInt(Date.now());
    for (const byte of crypto.getRandomValues(new Uint8Array(10))) {
      stamp = stamp << 8n | BigInt(byte);
    }
    stamp = stamp << 4n;
    this.#last = stamp > this.#last ? stamp : this.#last + 1n;
    return this.#last.toString(16).padStart(32, "0");
  }
}
