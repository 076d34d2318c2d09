/** The partner: a third party that takes postcards, unless it is switched off. */

import { createHash } from "node:crypto";
import { writeWhole } from "../files.ts";

/** Is what the partner knows of a postcard that it took. */
export interface Taken {
  /** The partner's own number of it. */
  readonly reference: string;
  /** Whether it had been taken before, under the same key. */
  readonly again: boolean;
}

/** Keeps its switch and its post in a folder, so that both outlive a restart of the demo. */
export class Partner {
  readonly #folder: string;

  /** Makes it on a folder, which is created at the first write. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Tells whether its API answers. */
  async isOn(): Promise<boolean> {
    return await readText(this.#switch) !== "off";
  }

  /** Switches its API on or off. */
  async turn(on: boolean): Promise<void> {
    await writeWhole(this.#switch, new TextEncoder().encode(on ? "on" : "off"));
  }

  /** Takes a postcard; the same key twice is the same postcard. */
  async take(key: string, text: string): Promise<Taken> {
    const digest = createHash("sha256").update(key).digest("hex");
    const reference = `PC-${digest.slice(0, 8).toUpperCase()}`;
    const path = `${this.#folder}/post/${digest}.json`;
    const again = await readText(path) !== undefined;
    if (!again) {
      await writeWhole(path, new TextEncoder().encode(JSON.stringify({ reference, text })));
    }
    return { reference, again };
  }

  get #switch(): string {
    return `${this.#folder}/switch`;
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
