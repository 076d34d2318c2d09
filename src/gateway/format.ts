/** How a request wants its answer: as JSON, its strings perhaps in base64, or as Redis wrote it. */

import { Buffer } from "node:buffer";
import { CommandError, type RedisCommand } from "./commands.ts";
import { encodeBase64, encodeError, type Encoder, encodeText } from "./encode.ts";
import { respError, respOf } from "./resp.ts";

/** Writes an answer, part by part. */
export interface Format {
  readonly contentType: string;
  /** Writes what a command has answered. */
  result(command: RedisCommand, frame: Uint8Array): string;
  /** Writes why a command has failed. */
  error(error: unknown): string;
  /** Puts the answers of several commands together. */
  list(answers: readonly string[]): string;
  /** Says how many bytes a part of the body has. */
  size(part: string): number;
  /** Makes a body of it. */
  body(text: string): string | Uint8Array<ArrayBuffer>;
}

/** JSON as Upstash has it, and the form of all errors that concern no command. */
export const JSON_FORMAT: Format = json(encodeText);
const BASE64_FORMAT = json(encodeBase64);
const RESP_FORMAT: Format = {
  contentType: "application/octet-stream",
  result: (command, frame) => respOf(told(command, frame)),
  error: respError,
  list: (answers) => answers.join(""),
  size: (part) => part.length,
  body: (text) => Uint8Array.from(Buffer.from(text, "latin1")),
};

/**
 * Picks the format by a request's headers.
 *
 * @throws {CommandError} if they ask for one that is not known, or for two.
 */
export function formatFor(headers: Headers): Format {
  const format = (headers.get("upstash-response-format") ?? "json").toLowerCase();
  const base64 = headers.get("upstash-encoding")?.toLowerCase() === "base64";
  if (format === "json") return base64 ? BASE64_FORMAT : JSON_FORMAT;
  if (format !== "resp2") {
    throw new CommandError("ERR Upstash-Response-Format is neither json nor resp2");
  }
  if (base64) throw new CommandError("ERR Upstash-Encoding base64 is not permitted with resp2");
  return RESP_FORMAT;
}

function json(encode: Encoder): Format {
  return {
    contentType: "application/json",
    result: (command, frame) => `{"result":${guarded(() => encode(told(command, frame)))}}`,
    error: encodeError,
    list: (answers) => `[${answers.join(",")}]`,
    size: (part) => Buffer.byteLength(part),
    body: (text) => text,
  };
}

function told({ answer }: RedisCommand, frame: Uint8Array): Uint8Array {
  return answer === undefined ? frame : Buffer.from(`$${answer.length}\r\n${answer}\r\n`);
}

/** Says so where a reply is nested more deeply than the stack can follow. */
function guarded(write: () => string): string {
  try {
    return write();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new CommandError("ERR cannot answer with the reply: it is nested too deeply");
  }
}
