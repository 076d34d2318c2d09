/** Retention: how much of messages that have ended a store keeps. */

/**
 * Bounds what is kept of messages that have ended; what would be forgotten first goes first.
 *
 * An outcome younger than a minute stays, whatever the bounds: until then, whoever has missed the reply
 * to a push may send it again, and must find that the message has been here. So a store that ends `n`
 * messages a second keeps 60 `n` outcomes at least.
 */
export interface Retention {
  /**
   * The most outcomes. A dedupe key holds no longer than the outcome of its message does.
   *
   * @default 10_000
   */
  readonly count: number;
  /**
   * The most bytes of results.
   *
   * @default 4_194_304
   */
  readonly bytes: number;
}

/**
 * Bounds a store whose owner says nothing else: some 12 MB in all, with what the tables of a hash that
 * was large keep for a while.
 */
export const DEFAULT_RETENTION: Retention = { count: 10_000, bytes: 4 * 1024 * 1024 };

/** How long an outcome stays for certain, in milliseconds: longer than any caller tries again. */
export const LEAST_RETAIN_MS = 60_000;
