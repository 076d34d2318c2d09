/** Writes replies as Redis' own protocol has them, version 2, as a text of one character a byte. */

import { Buffer } from "node:buffer";
import { errorText } from "./encode.ts";
import { type RedisCommand, word } from "./commands.ts";
import type { Reply } from "./connection.ts";

/** Who answers with a status rather than with a string: the client of Redis does not tell. */
const STATUS = new Set(
  ("SETEX PSETEX MSET HMSET LSET LTRIM RENAME TYPE FLUSHDB FLUSHALL RESTORE PFMERGE XSETID " +
    "XGROUP SCRIPT CONFIG FUNCTION SWAPDB")
    .split(" "),
);

/** Writes the reply to a command. */
export function respOf({ name, args }: RedisCommand, reply: Reply): string {
  const isStatus = name === "SET"
    ? !args.some((_, index) => index > 1 && word(args, index) === "GET")
    : STATUS.has(name) || name === "PING" && args.length === 0;
  if (!isStatus || reply === null || typeof reply === "string" || !Buffer.isBuffer(reply)) {
    return write(reply);
  }
  const text = reply.toString("latin1");
  // What a status cannot hold was none: SET with GET, SCRIPT LOAD, FUNCTION DUMP.
  return name === "TYPE" || text === "OK" || text === "PONG" ? `+${text}\r\n` : write(reply);
}

/** Writes an error; a line is all it may have. */
export function respError(error: unknown): string {
  const line = errorText(error).replaceAll(/[\r\n]+/g, " ");
  return `-${Buffer.from(line).toString("latin1")}\r\n`;
}

function write(reply: Reply): string {
  if (reply === null) return "$-1\r\n";
  // Integers come as decimal digits.
  if (typeof reply === "string") return `:${reply}\r\n`;
  if (Array.isArray(reply)) return `*${reply.length}\r\n${reply.map(write).join("")}`;
  if (reply instanceof Error) return respError(reply);
  return `$${reply.length}\r\n${reply.toString("latin1")}\r\n`;
}
