/** `GET /healthz`: whether the store answers, and the work keeps up. */

import type { BrokerStats } from "../broker/broker.ts";
import { isNearlyFull } from "../broker/dead_bounds.ts";
import type { Producer } from "../producer/producer.ts";
import { answer, type Serve } from "./answer.ts";
import type { Secrets } from "./secret.ts";

/** Tells how things are; the counts only to who has the secret. */
export interface HealthBody {
  /** Whether the store answers and the oldest ready message is younger than the objective. */
  readonly ok: boolean;
  /** What is wrong: the store does not answer, or messages wait too long. */
  readonly reason?: "unreachable" | "behind";
  /** How long the oldest ready message has been waiting, in milliseconds; 0 for none. */
  readonly oldestReadyMs?: number;
  /** There when the dead letters have come to 80 % of a bound: soon, the oldest are dropped. */
  readonly deadNearlyFull?: true;
  /** Which part of a shared store the messages lie in, where it is shared. */
  readonly namespace?: string;
  /** The queues that hold messages. */
  readonly queues?: readonly QueueBody[];
  /** How many dead letters there are. */
  readonly dead?: number;
  /** How many bytes the bodies and histories of the dead letters take. */
  readonly deadBytes?: number;
}

/** Counts the messages of one queue. */
export interface QueueBody {
  /** The queue's name. */
  readonly queue: string;
  /** Messages due now. */
  readonly ready: number;
  /** Messages due later: scheduled, backing off, or leased. */
  readonly later: number;
  /** How long the oldest ready message has been waiting, in milliseconds; 0 for none. */
  readonly oldestReadyMs: number;
}

/** Says what counts as healthy. */
export interface HealthSettings {
  /** How long a ready message may wait, in milliseconds. */
  readonly objectiveMs: number;
  /** How long the store may take to answer, in milliseconds. */
  readonly deadlineMs: number;
}

/** Makes the handler that tells how things are. */
export function serveHealth(dabba: Producer, secrets: Secrets, settings: HealthSettings): Serve {
  // The route is open, and a look costs the store something: one at a time, whoever asks.
  let looking: Promise<BrokerStats> | undefined;
  const look = () => looking ??= dabba.inspect.stats().finally(() => looking = undefined);
  return async function healthz(c) {
    const [stats, open] = await Promise.all([
      inTime(look(), settings.deadlineMs),
      secrets.opens(c),
    ]);
    const body = healthBody(stats, settings);
    const details = open && stats !== undefined ? detailsOf(stats, dabba) : {};
    return answer(c, { ...body, ...details }, { status: body.ok ? 200 : 503 });
  };
}

function healthBody(stats: BrokerStats | undefined, { objectiveMs }: HealthSettings): HealthBody {
  if (stats === undefined) return { ok: false, reason: "unreachable" };
  const { dead: count, deadBytes: bytes, deadLetters } = stats;
  const alarm = isNearlyFull({ count, bytes }, deadLetters)
    ? { deadNearlyFull: true as const }
    : {};
  const oldestReadyMs = Math.max(0, ...queueBodies(stats).map((queue) => queue.oldestReadyMs));
  if (oldestReadyMs > objectiveMs) return { ok: false, reason: "behind", oldestReadyMs, ...alarm };
  return { ok: true, oldestReadyMs, ...alarm };
}

type Details = Pick<HealthBody, "namespace" | "queues" | "dead" | "deadBytes">;

function detailsOf(stats: BrokerStats, { namespace }: Pick<Producer, "namespace">): Details {
  const where = namespace === undefined ? {} : { namespace };
  return { ...where, queues: queueBodies(stats), dead: stats.dead, deadBytes: stats.deadBytes };
}

function queueBodies({ nowMs, queues }: BrokerStats): QueueBody[] {
  return queues.map(({ queue, ready, later, oldestReadyAtMs = nowMs }) => ({
    queue,
    ready,
    later,
    oldestReadyMs: Math.max(0, nowMs - oldestReadyAtMs),
  }));
}

/** Gives what the work gives, or undefined when it fails or takes too long. */
async function inTime<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  // Whatever the store's trouble is, the answer is the same: it cannot be used.
  const done = work.catch(() => undefined);
  try {
    return await Promise.race([done, late]);
  } finally {
    clearTimeout(timer);
  }
}
