/** Where a Redis is reached over HTTP, checked before any I/O. */

import { checkNumber } from "./options.ts";

/** Says where a Redis is reached over HTTP. */
export interface RestClientOptions {
  /** The REST URL, `https://…`. */
  readonly url: string;
  /** The REST token. */
  readonly token: string;
  /**
   * How long a request may take, in milliseconds.
   *
   * @default 5_000
   */
  readonly timeoutMs?: number;
}

/**
 * Checks URL and token, and gives them without spaces around them.
 *
 * The texts show nothing of what was given: a token pasted into the wrong place is a token still.
 *
 * @throws {TypeError} when one is missing or of another kind.
 */
export function checkAddress(
  { url, token, timeoutMs = 1 }: RestClientOptions,
): { url: string; token: string } {
  checkNumber("timeoutMs", timeoutMs, 1);
  if (typeof url !== "string" || url.trim() === "") {
    throw new TypeError(
      "Cannot make a Redis client: url is missing; give the REST URL, or set UPSTASH_REDIS_REST_URL",
    );
  }
  if (!/^https?:\/\/[^\s/]/.test(url.trim()) || /\s/.test(url.trim())) {
    throw new TypeError(
      "Cannot make a Redis client: url does not begin with https://; give the REST URL, " +
        "not the one that begins with redis://",
    );
  }
  if (/^https?:\/\/[^/]*@/.test(url.trim())) {
    throw new TypeError("Cannot make a Redis client: url has a password; give it as the token");
  }
  if (typeof token !== "string" || token.trim() === "") {
    throw new TypeError(
      "Cannot make a Redis client: token is empty; give the REST token, " +
        "or set UPSTASH_REDIS_REST_TOKEN",
    );
  }
  // deno-lint-ignore no-control-regex -- these are what a header may not hold
  if (/[\s\x00-\x1f\x7f-\uffff]/.test(token.trim())) {
    throw new TypeError(
      "Cannot make a Redis client: token has a space or a character beyond ASCII; copy it anew",
    );
  }
  return { url: url.trim(), token: token.trim() };
}

/** Says whether commands are paid for there, one by one. */
export function isUpstash(url: string): boolean {
  return new URL(url).hostname.endsWith(".upstash.io");
}
