/** Reads messages for display. */

import type { MessageRecord } from "../broker.ts";
import { RECORD_COLUMNS, recordOf, type RecordRow } from "./record.ts";
import type { Sql } from "./sql.ts";

/** Prepares the operation. */
export function prepareRead(
  sql: Sql,
): (ids: readonly string[], nowMs: number) => (MessageRecord | undefined)[] {
  const find = sql.prepare<RecordRow>(`
    SELECT ${RECORD_COLUMNS} FROM {message} LEFT JOIN {body} USING (key)
    WHERE id = ? AND (forget_at IS NULL OR forget_at > ?)`);
  return (ids, nowMs) =>
    ids.map((id) => {
      const row = find.get(id, nowMs);
      return row && recordOf(row, nowMs);
    });
}
