/** What a worker can be told, checked and with its defaults filled in. */

import { MAX_BATCH } from "../broker/broker.ts";
import { type Duration, durationMs } from "../duration.ts";
import { checkName, randomId } from "../message/id.ts";
import type { Known } from "../known_options.ts";
import { checkBudget, type CommandBudget } from "./budget.ts";
import { queueNames, type QueueOrder, queueOrder, type Queues } from "./queue_order.ts";

/** The lease where the user said nothing. */
export const DEFAULT_LEASE = "30s";

/** Says how a worker works. */
export interface WorkerOptions {
  /**
   * The queues to serve: a list in strict order, or weights such as `{ mail: 3, reports: 1 }`.
   * @default the queues of the tasks whose handlers are here, evenly
   */
  readonly queues?: Queues;
  /** How many messages may run at once, 1 to 1,000. @default 10 */
  readonly concurrency?: number;
  /**
   * Take more messages than may run at once, as long as each of them has ended within milliseconds: then
   * round trips are not waited for. What would wait for 0.1 s is handed back, with no attempt spent.
   * @default true
   */
  readonly prefetch?: boolean;
  /** How long a message stays with a worker that no longer says it is alive. @default "30s" */
  readonly lease?: Duration;
  /** How long a stop may take: what is not done by then is handed back. @default "4s" */
  readonly grace?: Duration;
  /** How long a message of an unknown task waits before it is offered again. @default "30s" */
  readonly unknownTaskDelay?: Duration;
  /** How an idle worker looks for work: at first, and at most this far apart. @default the broker's */
  readonly polling?: { readonly min: Duration; readonly max: Duration };
  /**
   * Have the store call this worker when there is work, where it can: then an idle worker starts a
   * message at once, and asks for work once in three minutes. Only for `run()`.
   * @default true
   */
  readonly wake?: boolean;
  /**
   * What a `run()` may spend where commands are paid for. An idle one looks as often as that allows,
   * also where `polling` says more often; work is never put off, but told as `overBudget`, once an hour.
   * @default no limit
   */
  readonly budget?: CommandBudget;
  /**
   * How long an outcome may wait for others to travel with it: longer takes fewer requests, shorter
   * repeats less when the worker is killed. @default the broker's: 5 ms at Upstash, else 0
   */
  readonly linger?: Duration;
  /**
   * Stop on SIGINT and SIGTERM, where there are signals. A drain that was stopped so passes the signal
   * on when it has handed back, unless a `run()` of the same `Dabba` has heard it, too.
   * @default true for `run()` and `denoCron()`, false for other drains
   */
  readonly signals?: boolean;
  /** The worker's name, for people to read. @default drawn at random */
  readonly name?: string;
}

/** The names of a worker's options. */
export const WORKER_OPTIONS: Known<WorkerOptions> = {
  queues: true,
  concurrency: true,
  lease: true,
  grace: true,
  unknownTaskDelay: true,
  prefetch: true,
  polling: true,
  wake: true,
  budget: true,
  linger: true,
  signals: true,
  name: true,
};

/** Holds a worker's options, checked and resolved. */
export interface WorkerSettings {
  /** Every queue that is served. */
  readonly queues: readonly string[];
  /** The order of the next claim. */
  readonly order: QueueOrder;
  /** How many messages may run at once. */
  readonly concurrency: number;
  /** Whether messages that are through in no time may be taken ahead of the permits. */
  readonly prefetch: boolean;
  /** The lease, in milliseconds. */
  readonly leaseMs: number;
  /** The grace, in milliseconds. */
  readonly graceMs: number;
  /** The wait of a message of an unknown task, in milliseconds. */
  readonly unknownTaskDelayMs: number;
  /** The first and the longest wait between two looks. */
  readonly polling: { readonly minMs: number; readonly maxMs: number };
  /** Whether it is called when there is work. */
  readonly wake: boolean;
  /** What a long-running one may spend; undefined for no limit. */
  readonly budget: CommandBudget | undefined;
  /** How long an outcome may wait for others, in milliseconds. */
  readonly lingerMs: number;
  /** Whether it listens to signals; undefined where the user said nothing. */
  readonly signals: boolean | undefined;
  /** The worker's name. */
  readonly name: string;
}

/** Says what holds where the user said nothing. */
export interface WorkerDefaults {
  /** The queues of the registered tasks. */
  readonly queues: readonly string[];
  /** The broker's way of polling. */
  readonly polling: { readonly minMs: number; readonly maxMs: number };
  /** How long the broker lets outcomes wait. */
  readonly lingerMs: number;
}

/** Checks options; throws `TypeError` or `RangeError` for a bad one. */
export function resolveWorker(options: WorkerOptions, defaults: WorkerDefaults): WorkerSettings {
  const queues = options.queues ?? evenly(defaults.queues);
  if (typeof queues !== "object") {
    throw new TypeError(
      `Cannot use queues ${String(queues)}: expected a list such as ["mail"], or weights such as ` +
        "{ mail: 3, reports: 1 }",
    );
  }
  const names = queueNames(queues);
  if (names.length === 0) {
    throw new TypeError("Cannot start a worker without queues: name some, or register tasks");
  }
  for (const name of names) checkName(name, "queue");
  return {
    queues: names,
    order: queueOrder(queues),
    concurrency: checkConcurrency(options.concurrency ?? 10),
    prefetch: options.prefetch ?? true,
    leaseMs: atLeast(options.lease ?? DEFAULT_LEASE, 100, "lease"),
    graceMs: durationMs(options.grace ?? "4s", "grace"),
    unknownTaskDelayMs: atLeast(options.unknownTaskDelay ?? "30s", 1, "unknownTaskDelay"),
    polling: resolvePolling(options.polling) ?? defaults.polling,
    lingerMs: options.linger === undefined
      ? defaults.lingerMs
      : durationMs(options.linger, "linger"),
    wake: options.wake ?? true,
    budget: checkBudget(options.budget),
    signals: options.signals,
    name: options.name === undefined
      ? `w-${randomId().slice(0, 10)}`
      : checkName(options.name, "worker name"),
  };
}

function evenly(queues: readonly string[]): Queues {
  return queues.length > 1 ? Object.fromEntries(queues.map((queue) => [queue, 1])) : queues;
}

function checkConcurrency(count: number): number {
  if (Number.isInteger(count) && count >= 1 && count <= MAX_BATCH) return count;
  throw new RangeError(
    `Cannot use concurrency ${count}: it must be a whole number from 1 to ${MAX_BATCH}`,
  );
}

function resolvePolling(polling: WorkerOptions["polling"]): WorkerSettings["polling"] | undefined {
  if (polling === undefined) return undefined;
  const minMs = atLeast(polling.min, 1, "polling.min");
  const maxMs = durationMs(polling.max, "polling.max");
  if (maxMs >= minMs) return { minMs, maxMs };
  throw new RangeError(
    `Cannot use polling.max ${maxMs} ms: it is less than polling.min ${minMs} ms`,
  );
}

/** Reads a duration of at least `leastMs`; throws `TypeError` or `RangeError`. */
export function atLeast(value: Duration, leastMs: number, name: string): number {
  const ms = durationMs(value, name);
  if (ms >= leastMs) return ms;
  throw new RangeError(`Cannot use ${name} ${ms} ms: it must be at least ${leastMs} ms`);
}
