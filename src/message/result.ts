/** The result: what is kept of a message that is final, for whoever asks for its outcome. */

import type { AttemptRecord, ErrorRecord } from "./journal.ts";

/** Is what is kept of a finished message. */
export interface Result {
  /** The task's name. */
  readonly task: string;
  /** What the handler returned, absent when it returned nothing or nothing is retained. */
  readonly output?: unknown;
  /** Why it did not succeed. */
  readonly error?: ErrorRecord;
  /** The attempts that ended badly before it succeeded; absent for none. */
  readonly history?: readonly AttemptRecord[];
}

/** Writes the result of a success; `output` is JSON text already, or undefined. */
export function encodeResult(
  task: string,
  output: string | undefined,
  history: readonly AttemptRecord[],
): string {
  let text = `{"task":${JSON.stringify(task)}`;
  if (output !== undefined) text += `,"output":${output}`;
  if (history.length > 0) text += `,"history":${JSON.stringify(history)}`;
  return text + "}";
}

/** Writes the result of a message that ended without success. */
export function encodeStopped(task: string, error: ErrorRecord): string {
  return JSON.stringify({ task, error } satisfies Result);
}

/** Reads a result; undefined when nothing was kept. */
export function decodeResult(stored: string): Result | undefined {
  if (stored === "") return undefined;
  try {
    const result: unknown = JSON.parse(stored);
    const isResult = typeof result === "object" && result !== null && "task" in result;
    return isResult ? result as Result : undefined;
  } catch {
    return undefined;
  }
}
