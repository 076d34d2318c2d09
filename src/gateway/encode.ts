import type { Buffer } from "node:buffer";
import type { Reply } from "./connection.ts";

/** Without state, as it is never given a part; a leading byte order mark is data here. */
const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Writes a reply of Redis as JSON text. */
export type Encoder = (reply: Reply) => string;

/** Writes an error of one command as JSON text; errors are never in base64. */
export function encodeError(error: unknown): string {
  return `{"error":${JSON.stringify(errorText(error))}}`;
}

/** Says an error the way Redis does, with its code as the first word. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Writes strings as text: bytes that are not UTF-8 become U+FFFD, as JSON has no other way. */
export function encodeText(reply: Reply): string {
  return encode(reply, (bytes) => JSON.stringify(UTF8.decode(bytes)));
}

/** Writes strings in base64, which keeps every byte. */
export function encodeBase64(reply: Reply): string {
  return encode(reply, (bytes) => isOk(bytes) ? '"OK"' : `"${bytes.toString("base64")}"`);
}

function encode(reply: Reply, string: (bytes: Buffer) => string): string {
  if (reply === null) return "null";
  // Integers come as decimal digits, so that all 64 bits survive.
  if (typeof reply === "string") return reply;
  if (Array.isArray(reply)) return `[${reply.map((item) => encode(item, string)).join(",")}]`;
  // An error inside a reply, such as EXEC's or a script's, cannot stand where a value is.
  if (reply instanceof Error) return JSON.stringify(errorText(reply));
  return string(reply);
}

/** The one string that Upstash's encoding leaves as it is. */
function isOk(bytes: Buffer): boolean {
  return bytes.length === 2 && bytes[0] === 0x4f && bytes[1] === 0x4b;
}
