/** Ends messages by hand: the live ones by cancelling, the dead ones by discarding. */

import type { MessageRef } from "../broker.ts";
import { opaque } from "./opaque.ts";
import { forgetAt } from "./instant.ts";
import type { Sql } from "./sql.ts";

type Target = MessageRef & { readonly result: string };
type Op = { readonly id: string; readonly retainMs: number };

/** Prepares the cancelling of live messages; to be called inside a transaction that may write. */
export function prepareCancel(
  sql: Sql,
): (targets: readonly Target[], op: Op, nowMs: number) => ("cancelled" | "not_found" | "final")[] {
  const end = prepareEnd(sql, "live");
  return (targets, op, nowMs) =>
    targets.map((target) => {
      const by = end(target, op, nowMs);
      if (by === undefined) return "not_found";
      return by === op.id ? "cancelled" : "final";
    });
}

/** Prepares the discarding of dead letters; to be called inside a transaction that may write. */
export function prepareDiscard(
  sql: Sql,
): (letters: readonly Target[], op: Op, nowMs: number) => ("discarded" | "not_dead")[] {
  const end = prepareEnd(sql, "dead");
  return (letters, op, nowMs) =>
    letters.map((letter) => end(letter, op, nowMs) === op.id ? "discarded" : "not_dead");
}

/**
 * Ends a message that is in the state asked for, then gives the operation that cancelled it: this
 * one, an earlier one, none (null); undefined when the message is unknown.
 */
function prepareEnd(
  sql: Sql,
  from: "live" | "dead",
): (target: Target, op: Op, nowMs: number) => string | null | undefined {
  const dropBody = sql.prepare(`DELETE FROM {body} WHERE key =
    (SELECT key FROM {message} WHERE id = ? AND state = '${from}')`);
  const end = sql.prepare(`
    UPDATE {message} SET state = 'cancelled', cancelled_by = ?, result = ?, finished_at = ?,
      forget_at = ?, visible_at = NULL, claim = NULL, journal = '', progress = ''
    WHERE id = ?`);
  const find = sql.prepare<{ cancelled_by: string | null }>(`
    SELECT cancelled_by FROM {message} WHERE id = ? AND (forget_at IS NULL OR forget_at > ?)`);
  return ({ id, result }, op, nowMs) => {
    // The body first: in a full file its pages make room for what is written next.
    if (dropBody.run(id).changes === 1) {
      end.run(op.id, opaque(result), nowMs, forgetAt(nowMs, op.retainMs), id);
    }
    return find.get(id, nowMs)?.cancelled_by;
  };
}
