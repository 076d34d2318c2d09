/** Bounds what one request is answered: a small one may ask for any amount of data. */

import { Buffer } from "node:buffer";
import type { Format } from "./format.ts";

/** A request's answer is larger than the gateway sends. */
export class ReplyTooLargeError extends Error {
  constructor(limit: number) {
    super(
      `ERR max reply size exceeded. Limit: ${limit} bytes; the commands have run, ` +
        `ask for less at once`,
    );
    this.name = "ReplyTooLargeError";
  }
}

/**
 * Makes a format of one request that fails once its answers come to more than `limit` characters;
 * what comes after that is not even written.
 */
export function limited(format: Format, limit: number): Format {
  let left = limit;
  return {
    ...format,
    result(command, reply) {
      if (left < 0 || reply instanceof Buffer && reply.length > left) left = -1;
      else {
        const text = format.result(command, reply);
        left -= text.length;
        if (left >= 0) return text;
      }
      throw new ReplyTooLargeError(limit);
    },
  };
}
