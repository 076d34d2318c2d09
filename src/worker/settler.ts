/** The settler: gathers verdicts until a request takes them to the store. */

import { MAX_BATCH } from "../broker/broker.ts";
import type { Run } from "./run.ts";
import type { Verdict } from "./verdict.ts";

/** Is a delivery that has ended here and is to be told to the store. */
export interface Ended {
  /** The delivery. */
  readonly run: Run;
  /** What became of it. */
  readonly verdict: Verdict;
  /** When it ended, by the worker's clock. */
  readonly endedAt: number;
}

/** One request stays far below the 10 MB that Upstash takes. */
const MAX_CHARS = 1_000_000;
/** After how many finished messages some are cleared away: a look costs. */
export const TRIM_AFTER = 250;

/** Holds back verdicts for a few milliseconds, so that many travel together. */
export class Settler {
  readonly #lingerMs: number;
  #ended: Ended[] = [];
  #finished: number;

  /**
   * Makes it; a verdict waits for so long at most, in milliseconds. One that will not live to see many
   * messages begins at a part, drawn at random, of the count after which it clears away: else a store
   * that is only ever drained a little at a time would grow for ever.
   */
  constructor(lingerMs: number, part = 0) {
    this.#lingerMs = lingerMs;
    this.#finished = Math.floor(part * TRIM_AFTER);
  }

  /** How many wait. */
  get size(): number {
    return this.#ended.length;
  }

  /** When the oldest one has waited long enough, by the worker's clock; Infinity for none. */
  get flushAt(): number {
    const [oldest] = this.#ended;
    return oldest === undefined ? Infinity : oldest.endedAt + this.#lingerMs;
  }

  /** Adds a verdict. */
  add(ended: Ended): void {
    this.#ended.push(ended);
    const { kind } = ended.verdict;
    if (kind === "succeeded" || kind === "expired" || kind === "dead") this.#finished++;
  }

  /** Takes back what a request did not bring to the store. */
  putBack(ended: readonly Ended[]): void {
    this.#ended.unshift(...ended);
  }

  /**
   * Takes as many as one request carries, and one of each message: who has lost a message and got it
   * again may have two outcomes of it, of which a store counts the first in a request only.
   */
  take(): Ended[] {
    const most = Math.min(MAX_BATCH, this.#ended.length);
    let [count, chars] = [0, 0];
    let ids: Set<string> | undefined;
    for (; count < most; count++) {
      const { run: { delivery: { id, claim } }, verdict } = this.#ended[count]!;
      chars += sizeOf(verdict);
      if (count > 0 && chars > MAX_CHARS) break;
      // One claim brings a message once.
      if (claim !== this.#ended[0]!.run.delivery.claim) ids ??= this.#firstIds(count);
      if (ids?.has(id)) break;
      ids?.add(id);
    }
    if (count < this.#ended.length) return this.#ended.splice(0, count);
    const all = this.#ended;
    this.#ended = [];
    return all;
  }

  #firstIds(count: number): Set<string> {
    return new Set(this.#ended.slice(0, count).map(({ run }) => run.delivery.id));
  }

  /**
   * Says how many messages past their retention the next request should clear away: twice as many as
   * were added since, so that the store stays near empty, but not with every request: a look costs.
   */
  takeTrim(sweep: boolean): number {
    if (!sweep && this.#finished < TRIM_AFTER) return 0;
    const trim = sweep ? MAX_BATCH : Math.min(MAX_BATCH, 2 * this.#finished);
    this.#finished = 0;
    return trim;
  }
}

function sizeOf(verdict: Verdict): number {
  if ("result" in verdict) return verdict.result.length;
  return "journal" in verdict ? verdict.journal.length : 0;
}
