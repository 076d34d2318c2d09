/** Values as Deno KV takes them, whatever can be cloned, written as JSON that loses nothing. */

import { stringify, unflatten } from "devalue";
import type { KvKey } from "./key.ts";

/** Is what travels in a message. */
export interface Parcel {
  /** The value that was enqueued. */
  readonly value: unknown;
  /** Where it is to be found if it is never delivered. */
  readonly keys: readonly KvKey[];
}

/** What the errors of JavaScript are called; others arrive as `Error`, as when they are cloned. */
const ERRORS = [
  ...[Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError],
] as const;

type PlainError = readonly [name: string, message: string, stack?: string, cause?: unknown];

/** Writes a parcel as plain JSON; throws `TypeError` for a value that cannot be cloned. */
export function pack({ value, keys }: Parcel): unknown {
  try {
    const copy = structuredClone(value);
    return JSON.parse(stringify([copy, ...keys.length > 0 ? [keys] : []], { Error: takeApart }));
  } catch (cause) {
    // As Deno KV has it, where others throw a DOMException.
    throw new TypeError(
      `Cannot enqueue value: ${(cause as Error).message}; send plain objects, arrays, Map, Set, ` +
        "Date, RegExp, Error, typed arrays and primitives",
      { cause },
    );
  }
}

/** Reads what `pack` wrote; throws when it is something else. */
export function unpack(packed: unknown): Parcel {
  const [value, keys = []] = unflatten(packed as unknown[], { Error: putTogether });
  return { value, keys };
}

function takeApart(value: unknown): PlainError | undefined {
  if (!(value instanceof Error)) return undefined;
  const { name, message, stack } = value;
  return "cause" in value ? [name, message, stack, value.cause] : [name, message, stack];
}

function putTogether([name, message, stack, ...cause]: PlainError): Error {
  const Kind = ERRORS.find((kind) => kind.name === name) ?? Error;
  const error = new Kind(message, cause.length > 0 ? { cause: cause[0] } : undefined);
  Object.defineProperty(error, "stack", { value: stack, configurable: true, writable: true });
  return error;
}
