/** Counts what the store holds. */

import type { BrokerStats } from "../broker.ts";
import type { DeadLetterBounds } from "../dead_bounds.ts";
import { prepareStock } from "./drop.ts";
import type { Sql } from "./sql.ts";

interface Row {
  readonly queue: string;
  readonly ready: number;
  readonly held: number;
  readonly oldest: number | null;
}

/** Prepares the operation; it walks an index of all waiting messages, so it is not for a loop. */
export function prepareStats(
  sql: Sql,
  deadLetters: DeadLetterBounds,
): (nowMs: number) => BrokerStats {
  const byQueue = sql.prepare<Row>(`
    SELECT queue, count(*) FILTER (WHERE visible_at <= ?1) AS ready, count(*) AS held,
      min(visible_at) FILTER (WHERE visible_at <= ?1) AS oldest
    FROM {message} WHERE visible_at IS NOT NULL GROUP BY queue ORDER BY queue`);
  const stock = prepareStock(sql);
  return (nowMs) => ({
    nowMs,
    queues: byQueue.all(nowMs).map(({ queue, ready, held, oldest }) => ({
      queue,
      ready,
      later: held - ready,
      oldestReadyAtMs: oldest ?? undefined,
    })),
    dead: stock().count,
    deadBytes: stock().bytes,
    deadLetters,
  });
}
