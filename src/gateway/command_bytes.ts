/** Writes commands in the protocol of Redis. */

import { Buffer } from "node:buffer";
import type { Argument, RedisCommand } from "./commands.ts";

const UTF8 = new TextEncoder();
const CRLF = UTF8.encode("\r\n");

/** Writes one command. */
export function commandBytes({ name, args }: RedisCommand): Uint8Array {
  let text = `*${args.length + 1}\r\n$${name.length}\r\n${name}\r\n`;
  for (const arg of args) {
    if (typeof arg !== "string") return bytesOfEach([name, ...args]);
    text += "$" + arg.length + "\r\n" + arg + "\r\n";
  }
  const bytes = UTF8.encode(text);
  // The lengths are in characters: right as long as each is one byte, which costs nothing to see here.
  return bytes.length === text.length ? bytes : bytesOfEach([name, ...args]);
}

function bytesOfEach(words: readonly Argument[]): Uint8Array {
  const parts: Uint8Array[] = [Buffer.from(`*${words.length}\r\n`)];
  for (const word of words) {
    const bytes = typeof word === "string" ? Buffer.from(word) : word;
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, CRLF);
  }
  return Buffer.concat(parts);
}
