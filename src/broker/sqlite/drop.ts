/** Drops dead letters beyond their bounds, and says how many there are. */

import { type DeadLetterBounds, type DeadStock, isWithin } from "../dead_bounds.ts";
import { LEAST_RETAIN_MS } from "../retention.ts";
import type { Sql } from "./sql.ts";

/** Is what a look at the dead letters came to. */
export interface Dropping {
  /** What was dropped, the oldest first. */
  readonly dropped: readonly string[];
  /** When there is more to drop; undefined when all are within the bounds. */
  readonly dropAtMs: number | undefined;
}

interface Letter {
  readonly key: number;
  readonly id: string;
  readonly weight: number;
  readonly finishedAt: number;
}

/** Prepares the counting: triggers keep the tally, so it costs one row. */
export function prepareStock(sql: Sql): () => DeadStock {
  const tally = sql.prepare<{ count: number; bytes: number }>(
    "SELECT count, bytes FROM {tally} WHERE key = 1",
  );
  return () => ({ ...tally.get()! });
}

/** Prepares the dropping of so many at most, none younger than a minute. */
export function prepareDrop(
  sql: Sql,
  bounds: DeadLetterBounds,
): (most: number, nowMs: number) => Dropping {
  const stock = prepareStock(sql);
  const oldest = sql.prepare<Letter>(`
    SELECT key, id, weight, finished_at AS finishedAt FROM {message}
    WHERE state = 'dead' AND finished_at >= 0 ORDER BY finished_at, turn LIMIT ?`);
  const dropBody = sql.prepare("DELETE FROM {body} WHERE key = ?");
  const dropMessage = sql.prepare("DELETE FROM {message} WHERE key = ?");
  return (most, nowMs) => {
    const dropped: string[] = [];
    if (most === 0 || isWithin(stock(), bounds)) return { dropped, dropAtMs: undefined };
    let { count, bytes } = stock();
    for (const letter of oldest.all(most)) {
      const oldAtMs = letter.finishedAt + LEAST_RETAIN_MS;
      if (oldAtMs > nowMs) return { dropped, dropAtMs: oldAtMs };
      dropBody.run(letter.key);
      dropMessage.run(letter.key);
      dropped.push(letter.id);
      count--;
      bytes -= letter.weight;
      if (isWithin({ count, bytes }, bounds)) return { dropped, dropAtMs: undefined };
    }
    return { dropped, dropAtMs: nowMs };
  };
}
