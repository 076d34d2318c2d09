/** Reads replies of Redis from the bytes that they came in. */

import { Buffer } from "node:buffer";
import { ReplyError } from "./connection_error.ts";
import { CR, FrameCutter, KIND, sizeAt } from "./frames.ts";

/** A reply: text, an integer (a `bigint` where a double would round it), nothing, or a list. */
export type Reply = string | number | bigint | null | readonly Reply[];

/** Makes text of the bytes from `start` to `end`. */
type ToText = (start: number, end: number) => string;

/** Without state, as it is never given a part; a leading byte order mark is data here. */
const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Reads a reply; an error in a list is its text. */
export function replyOf(frame: Uint8Array): Reply {
  return new FrameReader(frame, toText(frame)).next();
}

/** Reads a reply, its strings in base64; errors never are, nor the one string that Upstash leaves. */
export function base64ReplyOf(frame: Uint8Array): Reply {
  const buffer = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  return new FrameReader(frame, (start, end) => {
    const isOk = end - start === 2 && frame[start] === 0x4f && frame[start + 1] === 0x4b;
    return isOk ? "OK" : buffer.toString("base64", start, end);
  }).next();
}

/** Gives the error that a reply is, if it is one. */
export function errorOf(frame: Uint8Array): ReplyError | undefined {
  if (frame[0] !== KIND.error) return undefined;
  return new ReplyError(UTF8.decode(frame.subarray(1, -2)));
}

/** Takes a list apart: a frame for each of its values. */
export function itemsOf(frame: Uint8Array): Uint8Array[] {
  const items: Uint8Array[] = [];
  const values = frame.subarray(frame.indexOf(CR) + 2);
  new FrameCutter().push(values, (item) => items.push(item));
  return items;
}

/** Goes through a whole frame, value by value. */
class FrameReader {
  readonly #frame: Uint8Array;
  readonly #toText: ToText;
  #at = 0;

  constructor(frame: Uint8Array, toText: ToText) {
    this.#frame = frame;
    this.#toText = toText;
  }

  next(): Reply {
    const kind = this.#frame[this.#at++]!;
    const start = this.#at;
    if (kind === KIND.bulk || kind === KIND.array) {
      const size = sizeAt(this.#frame, start);
      this.#at = this.#lineEnd(start) + 2;
      if (size < 0) return null;
      return kind === KIND.bulk ? this.#bulk(size) : this.#list(size);
    }
    const end = this.#lineEnd(start);
    this.#at = end + 2;
    if (kind === KIND.status) return this.#toText(start, end);
    const text = UTF8.decode(this.#frame.subarray(start, end));
    return kind === KIND.error ? text : integer(text);
  }

  #bulk(size: number): string {
    const start = this.#at;
    this.#at += size + 2;
    return this.#toText(start, start + size);
  }

  #list(size: number): Reply[] {
    const list: Reply[] = [];
    for (let i = 0; i < size; i++) list.push(this.next());
    return list;
  }

  #lineEnd(at: number): number {
    while (this.#frame[at] !== CR) at++;
    return at;
  }
}

function integer(digits: string): number | bigint {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : BigInt(digits);
}

/**
 * Decodes all at once where every byte is a character of its own, as in ASCII: pieces of that text cost a
 * tenth of what decoding each of them would.
 */
function toText(frame: Uint8Array): ToText {
  const text = UTF8.decode(frame);
  if (text.length === frame.length) return (start, end) => text.slice(start, end);
  return (start, end) => UTF8.decode(frame.subarray(start, end));
}
