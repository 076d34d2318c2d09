/** Counts what the store holds, by as many scripts as its lines need. */

import type { BrokerStats, QueueStats } from "../broker.ts";
import { parseLine } from "./keys.ts";
import type { Reach } from "./runner.ts";
import { linesScript } from "./scripts/lines.ts";
import { type LineCount, statsScript } from "./scripts/stats.ts";

/** How many lines one script counts: each costs up to three commands. */
const LINES_AT_ONCE = 500;

/** Counts what the store holds, but for the bounds that its owner set; it looks at every line. */
export async function countStore(
  { runner, keys }: Reach,
): Promise<Omit<BrokerStats, "deadLetters">> {
  const operation = { operation: "count" };
  const lines = await runner.run(linesScript, { args: {} }, operation);
  const counts: LineCount[] = [];
  let last = { nowMs: 0, dead: 0, deadBytes: 0 };
  // Once at least: the clock and the dead are asked for even where there is no line.
  for (let from = 0; from === 0 || from < lines.length; from += LINES_AT_ONCE) {
    const call = { args: {}, lines: keys.dues(lines.slice(from, from + LINES_AT_ONCE)) };
    const { lines: counted, ...rest } = await runner.run(statsScript, call, operation);
    counts.push(...counted);
    last = rest;
  }
  return { ...last, queues: sumQueues(lines, counts) };
}

function sumQueues(lines: readonly string[], counts: readonly LineCount[]): QueueStats[] {
  const queues = new Map<string, QueueStats>();
  counts.forEach(({ ready, total, oldestReadyAtMs }, index) => {
    if (total === 0) return;
    const { queue } = parseLine(lines[index]!);
    const sum = queues.get(queue) ?? { queue, ready: 0, later: 0, oldestReadyAtMs: undefined };
    const oldest = Math.min(sum.oldestReadyAtMs ?? Infinity, oldestReadyAtMs ?? Infinity);
    queues.set(queue, {
      queue,
      ready: sum.ready + ready,
      later: sum.later + total - ready,
      oldestReadyAtMs: oldest === Infinity ? undefined : oldest,
    });
  });
  return [...queues.values()].sort((a, b) => a.queue < b.queue ? -1 : 1);
}
