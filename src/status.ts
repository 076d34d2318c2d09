/** What a user sees of a message: the broker's record, opened. */

import type { MessageRecord, MessageState, Priority } from "./broker/broker.ts";
import { decodeEnvelope, type Envelope } from "./message/envelope.ts";
import { type AttemptRecord, decodeJournal, type ErrorRecord } from "./message/journal.ts";
import { decodeResult } from "./message/result.ts";
import { type BackoffPlan, maxAttempts } from "./retry/backoff.ts";

/** Tells where a message stands; written as JSON, its instants are ISO 8601 text. */
export interface MessageStatus<Out = unknown> {
  /** The message's id. */
  readonly id: string;
  /** The task's name; empty if the message cannot be read. */
  readonly task: string;
  /** Where it stands. */
  readonly state: MessageState;
  /** How many attempts have begun that ended in success or failure, or are running. */
  readonly attempts: number;
  /** How many attempts there are in all; only while the message itself is kept, so not after success. */
  readonly maxAttempts?: number;
  /** The waits between its attempts, as stored in it; only while the message itself is kept. */
  readonly backoff?: BackoffPlan;
  /** How many times its worker vanished while it ran. */
  readonly crashes: number;
  /** Its queue. */
  readonly queue: string;
  /** Its lane. */
  readonly priority: Priority;
  /** When it was enqueued, by the store's clock. */
  readonly enqueuedAt: Date;
  /** When it will be tried next; only while it is scheduled. */
  readonly nextAttemptAt?: Date;
  /** When it became final; only then. */
  readonly finishedAt?: Date;
  /** Who runs it or ran it last. */
  readonly worker?: string;
  /** How far its handler said it was; only while it runs. */
  readonly progress?: unknown;
  /** What its handler returned; only after success, and while it is retained. */
  readonly output?: Out;
  /** The last failure. */
  readonly error?: ErrorRecord;
  /** The attempts that ended badly, oldest first; only the first and the last ten of many. */
  readonly history: readonly AttemptRecord[];
}

/**
 * Says whether a state is final.
 *
 * ```ts
 * import { isFinal } from "@dabba/queue";
 *
 * console.log(isFinal("ready"), isFinal("dead")); // false true
 * ```
 */
export function isFinal(
  state: MessageState,
): state is "succeeded" | "dead" | "cancelled" | "expired" {
  return state === "succeeded" || state === "dead" || state === "cancelled" || state === "expired";
}

/** Opens a record. Whatever in it cannot be read is left out: a status must always be had. */
export function toStatus(record: MessageRecord): MessageStatus {
  const { state, failures } = record;
  const journal = decodeJournal(record.journal);
  const result = decodeResult(record.result);
  const error = result?.error ?? journal.error;
  const running = state === "leased" || state === "succeeded";
  const envelope = open(record.body);
  return {
    id: record.id,
    task: result?.task ?? envelope?.task ?? "",
    state,
    attempts: running ? failures + 1 : failures,
    ...(envelope ? planOf(envelope) : {}),
    crashes: record.crashes,
    queue: record.queue,
    priority: record.priority,
    enqueuedAt: new Date(record.enqueuedAtMs),
    ...(state === "scheduled" ? { nextAttemptAt: new Date(record.dueAtMs) } : {}),
    ...(record.finishedAtMs > 0 ? { finishedAt: new Date(record.finishedAtMs) } : {}),
    ...(record.worker === "" ? {} : { worker: record.worker }),
    ...(state === "leased" && record.progress ? { progress: readJson(record.progress) } : {}),
    ...(result && "output" in result ? { output: result.output } : {}),
    ...(error === undefined || state === "succeeded" ? {} : { error }),
    history: result?.history ?? journal.attempts,
  };
}

function planOf({ backoff }: Envelope): { maxAttempts: number; backoff: BackoffPlan } {
  return { maxAttempts: maxAttempts(backoff), backoff };
}

function open(body: string): Envelope | undefined {
  try {
    return decodeEnvelope(body);
  } catch {
    return undefined;
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
