/** Writes answers in Redis' own protocol, version 2, as a text of one character a byte. */

import { Buffer } from "node:buffer";
import { errorText } from "./encode.ts";

/** Writes a reply as it came. */
export function respOf(frame: Uint8Array): string {
  return Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString("latin1");
}

/** Writes an error; a line is all it may have. */
export function respError(error: unknown): string {
  const line = errorText(error).replaceAll(/[\r\n]+/g, " ");
  return `-${Buffer.from(line).toString("latin1")}\r\n`;
}
