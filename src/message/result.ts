/** The result: what is kept of a message that is final, for whoever asks for its outcome. */

import type { ErrorRecord } from "./journal.ts";

/** Is what is kept of a finished message. */
export interface Result {
  /** The task's name. */
  readonly task: string;
  /** What the handler returned, absent when it returned nothing or nothing is retained. */
  readonly output?: unknown;
  /** Why it did not succeed. */
  readonly error?: ErrorRecord;
}

/** Writes a result; `output` is JSON text already, or undefined. */
export function encodeResult(task: string, output: string | undefined): string {
  const head = JSON.stringify(task);
  return output === undefined ? `{"task":${head}}` : `{"task":${head},"output":${output}}`;
}

/** Writes the result of a message that ended without success. */
export function encodeStopped(task: string, error: ErrorRecord): string {
  return JSON.stringify({ task, error } satisfies Result);
}

/** Reads a result; undefined when nothing was kept. */
export function decodeResult(stored: string): Result | undefined {
  if (stored === "") return undefined;
  try {
    return JSON.parse(stored) as Result;
  } catch {
    return undefined;
  }
}
