/** Answers: the responses of the operations, each with its headers and body. */

import type { JsonSchema } from "../../json_schema.ts";
import { bodyRef } from "./bodies.ts";

/** Is a part of the document. */
export type Part = { readonly [key: string]: unknown };

const REASONS: Readonly<Record<number, string>> = {
  400: "The request cannot be read, or does not fit the task's schema.",
  401: "The secret is missing or wrong.",
  404: "There is no such message.",
  413: "The body is too large.",
  415: "The body is not sent as plain JSON.",
  500: "The task queue could not do this.",
  503: "The store cannot be reached, or is full: nothing was done that is not seen, try again.",
};

const seconds = { type: "integer", minimum: 1 };
const RETRY_AFTER = { "Retry-After": { description: "Seconds to wait.", schema: seconds } };

/** The headers of an answer about a message that is in the store. */
export const ENQUEUED_HEADERS: Part = {
  Location: { description: "Where the message stands.", schema: { type: "string" } },
  ...RETRY_AFTER,
};

/** The header of an answer about a message that is not final. */
export const WAIT_HEADERS: Part = RETRY_AFTER;

/** Makes a response with a JSON body. */
export function json(description: string, schema: JsonSchema, more: Part = {}): Part {
  return { description, content: { "application/json": { schema } }, ...more };
}

/** Makes a response with another body. */
export function plain(description: string, type: string): Part {
  return { description, content: { [type]: { schema: { type: "string" } } } };
}

/** Makes the responses that say no. */
export function refusals(...statuses: readonly number[]): Part {
  return Object.fromEntries(statuses.map((status) => {
    const more = status === 503
      ? { headers: RETRY_AFTER }
      : status === 401
      ? { headers: { "WWW-Authenticate": { schema: { type: "string" } } } }
      : {};
    return [String(status), json(REASONS[status]!, bodyRef("Refusal"), more)];
  }));
}
