/** Lists dead letters, and sends them round again. */

import type { DeadPage, MessageRef } from "../broker.ts";
import { lastTurn } from "./line.ts";
import { RECORD_COLUMNS, recordOf, type RecordRow } from "./record.ts";
import type { Sql } from "./sql.ts";

/** Is a place in the list of dead letters: when one died, and its turn among those of that instant. */
export interface DeadCursor {
  readonly finishedAtMs: number;
  readonly turn: number;
}

const NEWEST: DeadCursor = { finishedAtMs: Number.MAX_SAFE_INTEGER, turn: 0 };

/** Reads a page's `next`. */
export function parseCursor(after: string | undefined): DeadCursor {
  if (after === undefined) return NEWEST;
  const match = /^(\d{1,15})\.(\d{1,15})$/.exec(after);
  if (match === null) throw new TypeError(`Cannot read "after": it must be the "next" of a page`);
  return { finishedAtMs: Number(match[1]), turn: Number(match[2]) };
}

/** Prepares the listing. */
export function prepareDead(
  sql: Sql,
): (page: { readonly limit: number; readonly after: DeadCursor }, nowMs: number) => DeadPage {
  const list = sql.prepare<RecordRow>(`
    SELECT ${RECORD_COLUMNS} FROM {message} CROSS JOIN {body} USING (key)
    WHERE state = 'dead' AND (finished_at, turn) < (?, ?)
    ORDER BY finished_at DESC, turn DESC LIMIT ?`);
  const count = sql.prepare<{ total: number }>(
    "SELECT count(*) AS total FROM {message} WHERE state = 'dead'",
  );
  return ({ limit, after }, nowMs) => {
    const rows = list.all(after.finishedAtMs, after.turn, limit + 1);
    const more = rows.length > limit;
    const shown = more ? rows.slice(0, limit) : rows;
    const last = shown.at(-1);
    return {
      letters: shown.map((row) => recordOf(row, nowMs)),
      next: more && last ? `${last.finished_at}.${last.turn}` : undefined,
      total: count.get()!.total,
    };
  };
}

/** Prepares the redriving; to be called inside a transaction that may write. */
export function prepareRedrive(
  sql: Sql,
): (letters: readonly MessageRef[], op: string, nowMs: number) => ("redriven" | "not_dead")[] {
  const find = sql.prepare<{ redriven_by: string | null }>(
    "SELECT redriven_by FROM {message} WHERE id = ? AND (forget_at IS NULL OR forget_at > ?)",
  );
  const revive = sql.prepare(`
    UPDATE {message} SET state = 'live', redriven_by = ?2, visible_at = ?1,
      turn = ${lastTurn("{message}.queue", "{message}.lane", "?1")} + 1,
      failures = 0, crashes = 0, expires_at = 0, finished_at = 0
    WHERE id = ?3 AND state = 'dead'`);
  return (letters, op, nowMs) =>
    letters.map(({ id }) => {
      // Redriven and dead again since: a request sent twice must not redrive it twice.
      if (find.get(id, nowMs)?.redriven_by === op) return "redriven";
      return revive.run(nowMs, op, id).changes === 1 ? "redriven" : "not_dead";
    });
}
