/** Writes down how deliveries ended, for those who still hold them. */

import type { Settlement } from "../broker.ts";
import { lastTurn } from "./line.ts";
import { opaque } from "./opaque.ts";
import { after, forgetAt } from "./instant.ts";
import type { Sql } from "./sql.ts";

/** Says whether an outcome or a renewal counted. */
export type Answer = "ok" | "lease_lost";

/** Prepares the operation; to be called inside a transaction that may write. */
export function prepareSettle(
  sql: Sql,
): (settlements: readonly Settlement[], nowMs: number) => Answer[] {
  const accept = prepareAccept(sql);
  const settledBefore = sql.prepare<{ settled: string | null }>(
    "SELECT settled FROM {message} WHERE id = ? AND (forget_at IS NULL OR forget_at > ?)",
  );

  function settleOne(settlement: Settlement, nowMs: number): Answer {
    if (accept(settlement, nowMs)) return "ok";
    const row = settledBefore.get(settlement.id, nowMs);
    return row?.settled === settlement.claim ? "ok" : "lease_lost";
  }

  return (settlements, nowMs) => {
    const answers = new Map<string, Answer>();
    return settlements.map((settlement) => {
      // A message twice in one request: only the first entry counts.
      const answer = answers.get(settlement.id) ?? settleOne(settlement, nowMs);
      answers.set(settlement.id, answer);
      return answer;
    });
  };
}

/** Prepares the writing of one outcome; false when the message is not held under that claim. */
function prepareAccept(sql: Sql): (settlement: Settlement, nowMs: number) => boolean {
  const bury = prepareBury(sql);
  const putBack = preparePutBack(sql);
  const finish = prepareFinish(sql);
  return (settlement, nowMs) => {
    switch (settlement.outcome) {
      case "succeeded":
      case "expired":
        return finish(settlement, nowMs);
      case "dead":
        return bury(settlement, nowMs);
      case "retry":
      case "defer":
        return putBack(settlement, nowMs);
    }
  };
}

type Ended<Outcome> = Extract<Settlement, { readonly outcome: Outcome }>;

function prepareFinish(
  sql: Sql,
): (settlement: Ended<"succeeded" | "expired">, nowMs: number) => boolean {
  const dropBody = sql.prepare(
    "DELETE FROM {body} WHERE key = (SELECT key FROM {message} WHERE id = ? AND claim = ?)",
  );
  const finish = sql.prepare(`
    UPDATE {message} SET state = ?, result = ?, finished_at = ?, forget_at = ?,
      visible_at = NULL, settled = claim, claim = NULL, journal = '', progress = ''
    WHERE id = ? AND claim = ?`);
  return ({ id, claim, outcome, result, retainMs }, nowMs) => {
    // The body first: in a full file its pages make room for what is written next.
    if (dropBody.run(id, claim).changes === 0) return false;
    finish.run(outcome, opaque(result), nowMs, forgetAt(nowMs, retainMs), id, claim);
    return true;
  };
}

function prepareBury(sql: Sql): (settlement: Ended<"dead">, nowMs: number) => boolean {
  const bury = sql.prepare(`
    UPDATE {message} SET state = 'dead', failures = failures + ?2, journal = ?3, finished_at = ?1,
      weight = octet_length(?3) +
        (SELECT octet_length(body) FROM {body} AS body WHERE body.key = {message}.key),
      turn = (SELECT coalesce(max(turn), 0) + 1 FROM {message} AS other
        WHERE other.state = 'dead' AND other.finished_at = ?1),
      visible_at = NULL, settled = claim, claim = NULL
    WHERE id = ?4 AND claim = ?5`);
  return ({ id, claim, failed, journal }, nowMs) =>
    bury.run(nowMs, failed ? 1 : 0, opaque(journal), id, claim).changes === 1;
}

function preparePutBack(
  sql: Sql,
): (settlement: Ended<"retry" | "defer">, nowMs: number) => boolean {
  const place = `visible_at = ?1,
    turn = ${lastTurn("{message}.queue", "{message}.lane", "?1")} + 1,
    settled = claim, claim = NULL`;
  const retry = sql.prepare(`
    UPDATE {message} SET ${place}, failures = failures + 1, journal = ?2
    WHERE id = ?3 AND claim = ?4`);
  const defer = sql.prepare(`UPDATE {message} SET ${place} WHERE id = ?2 AND claim = ?3`);
  return (settlement, nowMs) => {
    const { id, claim, outcome, delayMs } = settlement;
    const { changes } = outcome === "retry"
      ? retry.run(after(nowMs, delayMs), opaque(settlement.journal), id, claim)
      : defer.run(after(nowMs, delayMs), id, claim);
    return changes === 1;
  };
}
