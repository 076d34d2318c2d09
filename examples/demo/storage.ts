/** The picture store: files named by the hash of the picture, in the demo's folder. */

import { createHash } from "node:crypto";
import { writeWhole } from "./files.ts";

/** Is what a key looks like: the SHA-256 of the picture, in hex. */
export const KEY: RegExp = /^[0-9a-f]{64}$/;

/** Keeps originals and their sizes; the queue carries only keys. */
export class PictureStore {
  readonly #folder: string;

  /** Makes it on a folder, which is created at the first write. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Keeps an original and gives its key. The same picture has the same key, and is kept once. */
  async keep(bytes: Uint8Array): Promise<string> {
    const key = createHash("sha256").update(bytes).digest("hex");
    await writeWhole(this.#path(key, "original"), bytes);
    return key;
  }

  /** Keeps one size of a picture. */
  async keepSize(key: string, size: number, bytes: Uint8Array): Promise<void> {
    await writeWhole(this.#path(key, `${size}.avif`), bytes);
  }

  /** Reads an original; undefined if it is not there. */
  original(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#read(key, "original");
  }

  /** Reads one size of a picture; undefined if it is not there. */
  size(key: string, size: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#read(key, `${size}.avif`);
  }

  async #read(key: string, name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      return await Deno.readFile(this.#path(key, name));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  #path(key: string, name: string): string {
    if (!KEY.test(key)) throw new TypeError(`Cannot find picture "${key}": it is not a key`);
    return `${this.#folder}/${key}/${name}`;
  }
}
