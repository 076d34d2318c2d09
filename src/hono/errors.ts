/** Refusals: the one place where an error becomes an HTTP status and a body. */

import type { ContentfulStatusCode } from "hono/utils/http-status";
import {
  BrokerError,
  DabbaError,
  type Issue,
  MessageNotFoundError,
  PayloadTooLargeError,
  UnknownTaskError,
  UnserialisableError,
  ValidationError,
} from "../errors.ts";
import { answer, type AnyContext } from "./answer.ts";

/** Is the body of every answer that says no. */
export interface ErrorBody {
  /** What is wrong. */
  readonly error: {
    /** Which error this is; stable across releases. */
    readonly code: string;
    /** What is wrong, for people. */
    readonly message: string;
    /** What the task's schema found, when the input did not fit it. */
    readonly issues?: readonly Issue[];
  };
}

/** Says that a request cannot be served as it is. */
export class RequestError extends Error {
  override readonly name = "RequestError";

  /** Makes it; `message` goes to the sender as it is. */
  constructor(
    readonly status: 400 | 401 | 404 | 413 | 415,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

interface Refusal {
  readonly status: ContentfulStatusCode;
  readonly body: ErrorBody;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers for an error that is known; throws any other, which is the app's to handle. */
export function refuse(c: AnyContext, error: unknown): Response {
  const refusal = refusalOf(error);
  if (refusal === undefined) throw error;
  const { status, body, headers } = refusal;
  // What the sender is not told is still there for the app's own logs.
  if (status >= 500) c.error = error as Error;
  return answer(c, body, { status, ...(headers ? { headers } : {}) });
}

/** Runs what reads a sender's options: a `TypeError` or `RangeError` of it is a 400. */
export function asOptions<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new RequestError(400, "invalid_option", error.message);
  }
}

function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof RequestError) return ofRequest(error);
  if (error instanceof BrokerError) return ofBroker(error);
  if (!(error instanceof DabbaError)) return undefined;
  const { code, message } = error;
  if (error instanceof ValidationError && error.side === "input") {
    return { status: 400, body: { error: { code, message, issues: error.issues } } };
  }
  const body = { error: { code, message } };
  if (error instanceof UnserialisableError) return { status: 400, body };
  if (error instanceof UnknownTaskError) return { status: 404, body };
  if (error instanceof MessageNotFoundError) return { status: 404, body };
  if (error instanceof PayloadTooLargeError) return { status: 413, body };
  return withoutDetails("internal", "The task queue could not do this");
}

function ofRequest({ status, code, message }: RequestError): Refusal {
  const headers = status === 401 ? { headers: { "www-authenticate": "Bearer" } } : {};
  return { status, body: { error: { code, message } }, ...headers };
}

// The text of a BrokerError may name hosts: it is for logs.
function ofBroker({ code, retryable, full, retryAfterMs }: BrokerError): Refusal {
  if (!retryable && !full) return withoutDetails(code, "The store refused the request");
  const message = full
    ? "The store is full: nothing was written, try again later"
    : "The store cannot be reached: try again later";
  // A store's own wish is passed on; without one, clients that come back at once would not help it.
  const seconds = Math.max(5, Math.min(Math.ceil(retryAfterMs / 1_000), 3_600));
  const headers = { "retry-after": String(seconds) };
  return { status: 503, body: { error: { code, message } }, headers };
}

function withoutDetails(code: string, message: string): Refusal {
  return { status: 500, body: { error: { code, message } } };
}
