/** A flight: what the next request to the store carries, and whether it is time for it to leave. */

import type { Allowance } from "./allowance.ts";
import type { Load } from "./channel.ts";
import { type Heartbeat, toExtension } from "./heartbeat.ts";
import type { Lookout } from "./lookout.ts";
import type { Run } from "./run.ts";
import type { Ended, Settler } from "./settler.ts";
import type { Solo } from "./solo.ts";
import type { Stock } from "./stock.ts";
import { toSettlement } from "./verdict.ts";

/** How much longer verdicts wait for others where messages are taken ahead, in milliseconds. */
const GATHER_MS = 2;

/** Is one request with what must be remembered until its answer is there. */
export interface Flight {
  /** The request. */
  readonly load: Load;
  /** The deliveries that it settles, in its order. */
  readonly ended: readonly Ended[];
  /** The deliveries that it renews, in its order. */
  readonly renewed: readonly Run[];
  /** How many messages it asks for. */
  readonly asked: number;
}

/** Is where a pump stands. */
export interface Standing {
  /** The worker's clock. */
  readonly now: number;
  /** How many messages may be taken; 0 when it must not. */
  readonly free: number;
  /** How many of those have a permit, and begin when they come. */
  readonly begins: number;
  /** How many requests are on their way. */
  readonly airborne: number;
  /** Whether the pump is on its way to its end. */
  readonly stopping: boolean;
  /** The queues in the order of this look. */
  readonly order: () => readonly string[];
}

/** Is what a flight is loaded from. */
export interface Stores {
  /** The verdicts that wait. */
  readonly settler: Settler;
  /** The leases to renew. */
  readonly heartbeat: Heartbeat;
  /** When to look for messages. */
  readonly lookout: Lookout;
  /** What waits for a permit. */
  readonly stock: Stock;
  /** The place of a suspect. */
  readonly solo: Solo;
  /** How many requests there may be. */
  readonly allowance: Allowance;
}

/** Loads the next flight; undefined when it is not time for one. */
export function loadFlight(standing: Standing, stores: Stores): Flight | undefined {
  const { settler, heartbeat, lookout } = stores;
  const { now, free, begins } = standing;
  const { scarce } = stores.allowance;
  if (scarce) heartbeat.hush();
  if (standing.stopping) stores.solo.dismiss();
  else if (isAlone(standing, stores)) {
    const suspect = stores.solo.ask();
    if (suspect) heartbeat.urge(suspect, now);
  }
  const flush = mustFlush(standing, stores);
  const beat = heartbeat.nextAt() <= now;
  const look = free > 0 && lookout.at <= now && settler.size === 0;
  if (!flush && !beat && !look) return undefined;
  const ended = settler.take();
  const renewed = beat ? heartbeat.take(now, { all: scarce }) : [];
  // What is settled frees permits: the same request asks for more.
  const asked = flush || look ? free : 0;
  if (ended.length + renewed.length + asked === 0) return undefined;
  if (asked > 0) lookout.leave();
  const sweep = asked > 0 && lookout.takeSweep();
  return {
    ended,
    renewed,
    asked,
    load: {
      settle: ended.map(({ run, verdict }) => toSettlement(run.delivery, verdict)),
      extend: renewed.map(toExtension),
      ...(asked > 0 ? { claim: { queues: standing.order(), max: asked, begins } } : {}),
      trim: lookout.tidy && !sweep ? 0 : settler.takeTrim(sweep),
      sweep,
    },
  };
}

/** Tells how long nothing is to be done, in milliseconds; Infinity until somebody rings. */
export function restMs(
  { now, free }: Standing,
  { settler, heartbeat, lookout, allowance, stock }: Stores,
): number {
  // A look that is due goes with the verdicts that wait.
  const lookAt = free > 0 && settler.size === 0 ? lookout.at : Infinity;
  // What is held back goes with a renewal, or with the last verdict.
  const flushAt = allowance.scarce && heartbeat.size > 0 ? Infinity : leavesAt(settler, stock);
  return Math.max(0, Math.min(flushAt, heartbeat.nextAt(), lookAt, stock.staleAt) - now);
}

// What is not yet settled would be lost with a suspect, too.
function isAlone({ airborne }: Standing, { solo, heartbeat, settler }: Stores): boolean {
  return solo.taken && heartbeat.size === 1 && settler.size === 0 && airborne === 0;
}

// While more messages wait for a permit, their verdicts are about to join.
function leavesAt({ flushAt }: Settler, stock: Stock): number {
  return stock.size > 0 ? flushAt + GATHER_MS : flushAt;
}

// By size, by age, or when nobody else is going to join.
function mustFlush(
  { now, stopping }: Standing,
  { settler, heartbeat, allowance, stock }: Stores,
): boolean {
  if (settler.size === 0) return false;
  // A renewal takes along what waits, so that no lease ends before its verdict is told.
  if (allowance.scarce) return heartbeat.size === 0;
  return stopping || heartbeat.size === 0 || settler.size >= stock.room / 2 ||
    leavesAt(settler, stock) <= now;
}
