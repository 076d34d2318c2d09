/** Renews leases, for those who still hold them. */

import type { Extension } from "../broker.ts";
import { lastTurn } from "./line.ts";
import { opaque } from "./opaque.ts";
import type { Answer } from "./settle.ts";
import type { Sql } from "./sql.ts";

/** Prepares the operation; to be called inside a transaction that may write. */
export function prepareExtend(
  sql: Sql,
): (extensions: readonly Extension[], untilMs: number) => Answer[] {
  const place = `visible_at = ?1,
    turn = ${lastTurn("{message}.queue", "{message}.lane", "?1")} + 1`;
  const renew = sql.prepare(`UPDATE {message} SET ${place} WHERE id = ?2 AND claim = ?3`);
  const renewWithProgress = sql.prepare(
    `UPDATE {message} SET ${place}, progress = ?4 WHERE id = ?2 AND claim = ?3`,
  );
  const begin = sql.prepare("UPDATE {message} SET parked = 0 WHERE id = ? AND claim = ?");
  return (extensions, untilMs) =>
    extensions.map(({ id, claim, progress, begins }) => {
      if (begins) begin.run(id, claim);
      const { changes } = progress === undefined
        ? renew.run(untilMs, id, claim)
        : renewWithProgress.run(untilMs, id, claim, opaque(progress));
      return changes === 1 ? "ok" : "lease_lost";
    });
}
