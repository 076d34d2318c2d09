/** Forgets what is past its time. */

import type { Sql } from "./sql.ts";

/** How long after its last use a channel's replay slot is kept. */
const SLOT_MS = 60 * 60_000;

/** Prepares the trimming of outcomes and dedupe keys, so many of each, the oldest first. */
export function prepareTrimOutcomes(sql: Sql): (most: number, nowMs: number) => void {
  const outcomes = sql.prepare(`
    DELETE FROM {message} WHERE key IN
      (SELECT key FROM {message} WHERE forget_at <= ? ORDER BY forget_at LIMIT ?)`);
  const keys = sql.prepare(`
    DELETE FROM {dedupe} WHERE key IN
      (SELECT key FROM {dedupe} WHERE until <= ? ORDER BY until LIMIT ?)`);
  return (most, nowMs) => {
    if (most === 0) return;
    outcomes.run(nowMs, most);
    keys.run(nowMs, most);
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
