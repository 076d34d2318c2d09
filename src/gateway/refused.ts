/** What a request is told that is not answered with 200. */

import { BodyTooLargeError } from "./body.ts";
import { CommandError } from "./commands.ts";
import { ConnectionError, isReplyError, SilenceError } from "./connection_error.ts";
import { ReplyTooLargeError } from "./reply_limit.ts";

/** The methods that are served. */
export const METHODS: readonly string[] = ["HEAD", "GET", "POST", "PUT"];

/** A request that is not let in. */
export class RefusedError extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
    this.name = "RefusedError";
  }
}

/** Picks the status for an error. */
export function statusOf(error: unknown): number {
  if (error instanceof RefusedError) return error.status;
  if (error instanceof BodyTooLargeError) return 413;
  if (error instanceof SilenceError) return 504;
  if (error instanceof ConnectionError) return 503;
  if (error instanceof CommandError || error instanceof ReplyTooLargeError) return 400;
  return isReplyError(error) ? 400 : 500;
}
