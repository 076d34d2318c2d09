/** Turns a stored row into what a reader sees. */

import type { MessageRecord, MessageState } from "../broker.ts";
import { priorityOf } from "./line.ts";
import { textOf } from "./opaque.ts";

/** Is a row of the message table with its body. */
export interface RecordRow {
  readonly id: string;
  readonly queue: string;
  readonly lane: number;
  readonly state: "live" | "succeeded" | "dead" | "cancelled" | "expired";
  readonly visible_at: number | null;
  readonly turn: number;
  readonly enqueued_at: number;
  readonly expires_at: number;
  readonly finished_at: number;
  readonly fence: number;
  readonly failures: number;
  readonly crashes: number;
  readonly claim: string | null;
  readonly worker: string;
  readonly progress: string | Uint8Array;
  readonly journal: string | Uint8Array;
  readonly result: string | Uint8Array;
  readonly body: string | Uint8Array | null;
}

/** Names the columns of a `RecordRow`, for a SELECT from message and body. */
export const RECORD_COLUMNS = `id, queue, lane, state, visible_at, turn, enqueued_at, expires_at,
  finished_at, fence, failures, crashes, claim, worker, progress, journal, result, body`;

/** Says what is read about a row at an instant. */
export function recordOf(row: RecordRow, nowMs: number): MessageRecord {
  return {
    id: row.id,
    queue: row.queue,
    priority: priorityOf(row.lane),
    state: stateOf(row, nowMs),
    failures: row.failures,
    crashes: row.crashes,
    fence: row.fence,
    enqueuedAtMs: row.enqueued_at,
    dueAtMs: row.visible_at ?? 0,
    finishedAtMs: row.finished_at,
    worker: row.worker,
    body: row.body === null ? "" : textOf(row.body),
    journal: textOf(row.journal),
    progress: textOf(row.progress),
    result: textOf(row.result),
  };
}

function stateOf(row: RecordRow, nowMs: number): MessageState {
  if (row.state !== "live") return row.state;
  if (row.fence === 0 && row.expires_at > 0 && row.expires_at <= nowMs) return "expired";
  // A lease that ran out leaves its message ready, whoever held it.
  if (row.visible_at! <= nowMs) return "ready";
  return row.claim === null ? "scheduled" : "leased";
}
