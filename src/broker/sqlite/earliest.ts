/** Says when queues have work next. */

import { PRIORITIES } from "../broker.ts";
import type { Sql } from "./sql.ts";

/** Prepares the operation; undefined is answered when the queues hold nothing. */
export function prepareEarliest(sql: Sql): (queues: readonly string[]) => number | undefined {
  const first = sql.prepare<{ at: number | null }>(
    "SELECT min(visible_at) AS at FROM {message} WHERE queue = ? AND lane = ? AND visible_at > 0",
  );
  return (queues) => {
    let earliest: number | undefined;
    for (const queue of new Set(queues)) {
      for (let lane = 0; lane < PRIORITIES.length; lane++) {
        const at = first.get(queue, lane)?.at ?? undefined;
        if (at !== undefined && (earliest === undefined || at < earliest)) earliest = at;
      }
    }
    return earliest;
  };
}
