/** Bounds what one request is answered: a small one may ask for any amount of data. */

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
 * Makes a format of one request that fails once its answers come to more than `limit` bytes; what comes
 * after that is not even written.
 */
export function limited(format: Format, limit: number): Format {
  let left = limit;
  return {
    ...format,
    result(command, frame) {
      if (left < 0 || leastSize(frame) > left) left = -1;
      else {
        const text = format.result(command, frame);
        left -= format.size(text);
        if (left >= 0) return text;
      }
      throw new ReplyTooLargeError(limit);
    },
  };
}

/** No format halves a reply: `*1\r\n` becomes `[]`, and `:1\r\n` becomes `1,`, but for the last comma. */
function leastSize(frame: Uint8Array): number {
  return frame.length / 2 - 1;
}
