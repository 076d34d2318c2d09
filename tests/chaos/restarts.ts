/** A Redis that is killed or restarted again and again, under a producer and workers. */

import type { Job } from "./jobs.ts";
import type { Entry } from "./ledger.ts";
import { pause, type Place } from "./store.ts";

const AGAIN_MS = 50;

/** Enqueues until the store has acknowledged; gives the ids, and how often it was refused. */
export async function enqueueStubbornly(
  place: Place,
  jobs: readonly Job[],
): Promise<{ readonly ids: readonly string[]; readonly refusals: number }> {
  for (let refusals = 0;; refusals++) {
    try {
      return { ids: await place.enqueue(jobs), refusals };
    } catch {
      await pause(AGAIN_MS);
    }
  }
}

/** The longest time from one of these moments to the next start of a handler, in milliseconds. */
export function slowestStart(entries: readonly Entry[], moments: readonly number[]): number {
  const starts = entries.filter(({ what }) => what === "start").map(({ ms }) => ms);
  const ordered = starts.toSorted((a, b) => a - b);
  return Math.max(
    0,
    ...moments.map((moment) => {
      return (ordered.find((ms) => ms >= moment) ?? Infinity) - moment;
    }),
  );
}

/** Splits into so many parts of about the same length. */
export function partsOf<T>(items: readonly T[], count: number): T[][] {
  const size = Math.ceil(items.length / count);
  return Array.from({ length: count }, (_, i) => items.slice(i * size, (i + 1) * size));
}
