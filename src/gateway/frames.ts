/** Cuts what Redis sends into frames: one reply each, as the bytes that it came in. */

import { ProtocolError } from "./connection_error.ts";

/** Ends the line that each value begins with, before a line feed. */
export const CR = 0x0d;
const MINUS = 0x2d;
const ZERO = 0x30;
const MIN_CAPACITY = 64 * 1024;
/** More than this is not kept for the next long reply. */
const MAX_KEPT = 1024 * 1024;

/** The first byte of a reply, or of a value in one, which says what it is. */
export const KIND = { array: 0x2a, status: 0x2b, error: 0x2d, bulk: 0x24, integer: 0x3a } as const;

const KINDS: ReadonlySet<number> = new Set(Object.values(KIND));

/**
 * Gathers chunks until a frame is whole. It counts the values that the frame still lacks, so that arrays
 * may be nested as deeply as they like, and looks at no value twice.
 */
export class FrameCutter {
  /** What has come of a frame that is not whole, from its first byte on. */
  #rest = new Uint8Array(0);
  #length = 0;
  /** How far it was looked at, counted from there: behind what has come, if a long value is cut. */
  #at = 0;
  #lacking = 1;

  /**
   * Takes the bytes that have come. A frame is a view of memory that is used again: it holds until
   * `take` returns.
   *
   * @throws {ProtocolError} if they are not the protocol of Redis.
   */
  push(chunk: Uint8Array, take: (frame: Uint8Array) => void): void {
    const bytes = this.#length === 0 ? chunk : this.#append(chunk);
    let start = 0;
    while (start < bytes.length && this.#isWhole(bytes, start)) {
      const end = start + this.#at;
      this.#at = 0;
      this.#lacking = 1;
      take(bytes.subarray(start, end));
      start = end;
    }
    this.#keep(bytes, start);
  }

  #append(chunk: Uint8Array): Uint8Array {
    const length = this.#length + chunk.length;
    this.#reserve(length);
    this.#rest.set(chunk, this.#length);
    return this.#rest.subarray(0, length);
  }

  #keep(bytes: Uint8Array, start: number): void {
    const length = bytes.length - start;
    if (bytes.buffer === this.#rest.buffer) {
      if (start > 0) this.#rest.copyWithin(0, start, bytes.length);
    } else if (length > 0) {
      this.#reserve(length);
      this.#rest.set(bytes.subarray(start));
    }
    this.#length = length;
    if (length === 0 && this.#rest.length > MAX_KEPT) this.#rest = new Uint8Array(0);
  }

  #reserve(length: number): void {
    if (length <= this.#rest.length) return;
    const grown = new Uint8Array(Math.max(2 * length, this.#at, MIN_CAPACITY));
    grown.set(this.#rest.subarray(0, this.#length));
    this.#rest = grown;
  }

  /** Goes on to the end of the frame that begins at `start`, if that has come. */
  #isWhole(bytes: Uint8Array, start: number): boolean {
    let at = start + this.#at;
    let lacking = this.#lacking;
    while (lacking > 0 && at < bytes.length) {
      const kind = bytes[at]!;
      if (!KINDS.has(kind)) throw new ProtocolError(`a reply begins with byte ${kind}`);
      const end = bytes.indexOf(CR, at);
      if (end === -1) break;
      lacking--;
      const size = kind === KIND.bulk || kind === KIND.array ? sizeAt(bytes, at + 1) : 0;
      at = end + 2;
      if (kind === KIND.bulk && size >= 0) at += size + 2;
      if (kind === KIND.array && size > 0) lacking += size;
    }
    this.#at = at - start;
    this.#lacking = lacking;
    return lacking === 0 && at <= bytes.length;
  }
}

/** Reads the digits that end at the next line break; -1 stands for a null. */
export function sizeAt(bytes: Uint8Array, at: number): number {
  if (bytes[at] === MINUS) return -1;
  let size = 0;
  for (; bytes[at] !== CR; at++) size = 10 * size + bytes[at]! - ZERO;
  return size;
}
