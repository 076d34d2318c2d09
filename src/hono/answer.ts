/** Answers: JSON that no cache keeps; used by everything here that replies. */

import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";

/**
 * Is the context of any Hono app.
 *
 * @internal
 */
export type AnyContext = Context;

/** Serves a request. */
export type Serve = (c: AnyContext) => Promise<Response>;

/** What every answer has: no cache keeps it, and no browser takes it for another type. */
export const HEADERS = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
} as const;

/** Says how an answer goes out. */
export interface AnswerInit {
  /** The HTTP status. */
  readonly status: ContentfulStatusCode;
  /** Headers besides those that every answer has. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers with JSON that no cache keeps. */
export function answer(c: AnyContext, body: object, { status, headers }: AnswerInit): Response {
  return c.json(body, status, { ...HEADERS, ...headers });
}
