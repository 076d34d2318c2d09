/** Writes replies of Redis as JSON text. */

import { base64ReplyOf, type Reply, replyOf } from "./reply.ts";

/** Writes a reply, given as the bytes that it came in. */
export type Encoder = (frame: Uint8Array) => string;

/** Writes an error of one command as JSON text; errors are never in base64. */
export function encodeError(error: unknown): string {
  return `{"error":${JSON.stringify(errorText(error))}}`;
}

/** Says an error the way Redis does, with its code as the first word. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Writes strings as text: bytes that are not UTF-8 become U+FFFD, as JSON has no other way. */
export function encodeText(frame: Uint8Array): string {
  return encode(replyOf(frame));
}

/** Writes strings in base64, which keeps every byte. */
export function encodeBase64(frame: Uint8Array): string {
  return encode(base64ReplyOf(frame));
}

/** One call for a whole list is many times as fast as one for each value, but knows no `bigint`. */
function encode(reply: Reply): string {
  try {
    return JSON.stringify(reply);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return encodeEach(reply);
  }
}

function encodeEach(reply: Reply): string {
  if (Array.isArray(reply)) return `[${reply.map(encodeEach).join(",")}]`;
  return typeof reply === "bigint" ? String(reply) : JSON.stringify(reply);
}
