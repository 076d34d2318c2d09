/** Forgets what is past its time. */

import { LEAST_RETAIN_MS, type Retention } from "../retention.ts";
import type { Sql } from "./sql.ts";

/** How long after its last use a channel's replay slot is kept. */
const SLOT_MS = 60 * 60_000;

/**
 * Prepares the trimming of outcomes and dedupe keys past their time, so many of each, the oldest first;
 * then of outcomes beyond the bounds. Says when there is more of them.
 */
export function prepareTrimOutcomes(
  sql: Sql,
  retention: Retention,
): (most: number, nowMs: number) => number | undefined {
  const beyond = prepareTrimBeyond(sql, retention);
  const outcomes = sql.prepare(`
    DELETE FROM {message} WHERE key IN
      (SELECT key FROM {message} WHERE forget_at <= ? ORDER BY forget_at LIMIT ?)`);
  const keys = sql.prepare(`
    DELETE FROM {dedupe} WHERE key IN
      (SELECT key FROM {dedupe} WHERE until <= ? ORDER BY until LIMIT ?)`);
  return (most, nowMs) => {
    if (most === 0) return undefined;
    keys.run(nowMs, most);
    const past = Number(outcomes.run(nowMs, most).changes);
    return past === most ? nowMs : beyond(most - past, nowMs);
  };
}

interface Kept {
  readonly key: number;
  readonly bytes: number;
}

function prepareTrimBeyond(
  sql: Sql,
  retention: Retention,
): (most: number, nowMs: number) => number | undefined {
  // The index holds all that these read: a row that has a result need not be touched.
  const total = sql.prepare<{ count: number; bytes: number }>(`
    SELECT count(*) AS count, coalesce(sum(octet_length(result)), 0) AS bytes
    FROM {message} WHERE forget_at > 0`);
  const old = sql.prepare<Kept>(`
    SELECT key, octet_length(result) AS bytes FROM {message}
    WHERE forget_at > 0 AND finished_at <= ? ORDER BY forget_at, turn LIMIT ?`);
  const young = sql.prepare<{ finishedAt: number }>(`
    SELECT min(finished_at) AS finishedAt FROM {message} WHERE forget_at > 0`);
  const drop = sql.prepare("DELETE FROM {message} WHERE key = ?");
  return (most, nowMs) => {
    let { count, bytes } = total.get()!;
    const isWithin = () => count <= retention.count && bytes <= retention.bytes;
    if (isWithin()) return undefined;
    const found = old.all(nowMs - LEAST_RETAIN_MS, most);
    for (const one of found) {
      drop.run(one.key);
      count--;
      bytes -= one.bytes;
      if (isWithin()) return undefined;
    }
    return found.length === most ? nowMs : young.get()!.finishedAt + LEAST_RETAIN_MS;
  };
}

/** Prepares the trimming of replay slots, so many at most, the oldest first. */
export function prepareTrimSlots(sql: Sql): (most: number, nowMs: number) => void {
  const slots = sql.prepare(`
    DELETE FROM {slot} WHERE channel IN
      (SELECT channel FROM {slot} WHERE used_at <= ? ORDER BY used_at LIMIT ?)`);
  return (most, nowMs) => {
    if (most > 0) slots.run(nowMs - SLOT_MS, most);
  };
}
