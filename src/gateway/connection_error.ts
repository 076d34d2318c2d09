/** Redis could not be reached, or went away before it answered. */
export class ConnectionError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ConnectionError";
  }
}

/** Redis is there, but has not answered in time. */
export class SilenceError extends ConnectionError {
  constructor(limitMs: number) {
    super(`ERR Redis has not answered for ${limitMs} ms: the command may have run`);
    this.name = "SilenceError";
  }
}

/** What Redis sent is not its protocol. */
export class ProtocolError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ProtocolError";
  }
}

/** Redis has answered with an error. */
export class ReplyError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ReplyError";
  }
}

/** Tells an error that Redis answered with from one of the way there. */
export function isReplyError(error: unknown): error is Error {
  return error instanceof Error && error.name === "ReplyError";
}
