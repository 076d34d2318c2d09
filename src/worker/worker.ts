/** The worker that users meet: runs for long, or drains for a while. */

import type { Duration } from "../duration.ts";
import { TaskTimeoutError } from "../errors.ts";
import { checkKnown, type Known } from "../known_options.ts";
import { Allowance, checkRequests, renewalsIn } from "./allowance.ts";
import { checkSignal, type Limits } from "./limits.ts";
import { atLeast, type WorkerSettings } from "./options.ts";
import type { PumpDeps } from "./deps.ts";
import { Pump } from "./pump.ts";
import type { Run } from "./run.ts";
import { onStopSignal, raiseSignal } from "./signals.ts";
import { WorkerStopping } from "./stopping.ts";
import type { Summary } from "./tally.ts";

/** Says how long a worker runs. */
export interface RunOptions {
  /** Ends the run: nothing more is taken, and what runs has the grace to end. */
  readonly signal?: AbortSignal;
}

/** Says how long a drain lasts. */
export interface DrainOptions {
  /** The time it may take in all, hand-backs included. @default "50s" */
  readonly budget?: Duration;
  /** The most messages to take. @default no limit */
  readonly max?: number;
  /**
   * The most requests it may make of the store, for platforms that count them. It takes nothing more
   * in time to renew and settle what it holds. A script that Redis has forgotten costs one more, and
   * what handlers send is not counted.
   *
   * @default 30 on Cloudflare Workers, which allow 50 a run on the free plan; else no limit
   */
  readonly requests?: number;
  /** Ends the drain early, as at the end of its budget. */
  readonly signal?: AbortSignal;
}

/** The time of a drain where nobody said another one. */
export const DRAIN_BUDGET = "50s";

const RUN_OPTIONS: Known<RunOptions> = { signal: true };
const DRAIN_OPTIONS: Known<DrainOptions> = {
  budget: true,
  max: true,
  requests: true,
  signal: true,
};

/** Tells what a drain did, and why it ended. */
export interface DrainSummary extends Summary {
  /**
   * Nothing was due any more, it had taken its `max`, its requests or its time ran out, or it was told
   * to stop.
   */
  readonly ended: "empty" | "max" | "requests" | "budget" | "stopped";
  /** How many requests it made of the store, repetitions included. */
  readonly requests: number;
}

/** Knows the pumps that are at work in this process, so that enqueues can ring them. */
export interface Pumps {
  /** How many there are. */
  readonly size: number;
  /** Adds a pump. */
  add(pump: Pump): void;
  /** Removes a pump. */
  delete(pump: Pump): void;
}

/**
 * Pulls messages and runs them.
 *
 * At-least-once: a message is given back when its worker dies, and settled only by who holds it. The
 * limit: a handler that is cut off may have had its effect; guard writes with `ctx.fence`.
 *
 * ```ts
 * import { Dabba, defineTask } from "@dabba/queue";
 * import { memoryBroker } from "@dabba/queue/testing";
 * import { z } from "zod";
 *
 * const greet = defineTask("greet", { input: z.string() }, (name) => `Hello, ${name}`);
 * const dabba = new Dabba({ broker: memoryBroker(), tasks: { greet } });
 * const stop = new AbortController();
 * const running = dabba.worker({ concurrency: 20, grace: "10s" }).run({ signal: stop.signal });
 *
 * const receipt = await dabba.tasks.greet.enqueue("Ada");
 * console.log(await receipt.result()); // Hello, Ada
 * stop.abort();
 * console.log((await running).succeeded); // 1
 * ```
 */
export class Worker {
  readonly #deps: PumpDeps;
  readonly #settings: WorkerSettings;
  readonly #pumps: Pumps;

  /** Is made by `dabba.worker()`. */
  constructor(deps: PumpDeps, settings: WorkerSettings, pumps: Pumps) {
    this.#deps = deps;
    this.#settings = settings;
    this.#pumps = pumps;
  }

  /** The worker's name, as in events and in the store. */
  get name(): string {
    return this.#settings.name;
  }

  /**
   * Works until the signal aborts, or the process is told to stop by SIGINT or SIGTERM. Then it takes
   * nothing more, lets handlers end within the grace, hands back the rest with no attempt spent, and
   * resolves. An outage of the store does not end it.
   *
   * @throws {BrokerError} when the store refuses for good, such as for a wrong token.
   */
  async run(options: RunOptions = {}): Promise<Summary> {
    checkKnown(options, RUN_OPTIONS, "run a worker");
    checkSignal(options.signal);
    const pump = this.#pump({
      drain: false,
      deadline: Infinity,
      giveUpAt: Infinity,
      allowance: new Allowance({ messages: Infinity, requests: Infinity, renewals: () => 0 }),
    });
    const stop = () => pump.stop(this.#settings.graceMs);
    const silence = this.#settings.signals ?? true ? onStopSignal(stop) : () => {};
    try {
      await this.#go(pump, stop, options.signal);
    } finally {
      silence();
    }
    return pump.tally.summary();
  }

  /**
   * Runs what is due, then resolves; for cron ticks and requests. It takes nothing whose declared
   * timeout does not fit the time left, and hands back in time what is not done. A handler without a
   * timeout that used up half of the budget has failed an attempt: else it would begin anew for ever.
   *
   * @throws {BrokerError} when the store cannot be reached, or refuses.
   */
  async drain(options: DrainOptions = {}): Promise<DrainSummary> {
    checkKnown(options, DRAIN_OPTIONS, "drain");
    checkSignal(options.signal);
    const budgetMs = atLeast(options.budget ?? DRAIN_BUDGET, 1, "budget");
    const graceMs = Math.min(this.#settings.graceMs, budgetMs / 5);
    const { clock } = this.#deps;
    const begunAt = clock.now();
    const deadline = begunAt + budgetMs - graceMs;
    const max = checkMax(options.max);
    const giveUpAt = begunAt + budgetMs;
    const { leaseMs } = this.#settings;
    const allowance = new Allowance({
      messages: max,
      requests: checkRequests(options.requests, budgetMs, leaseMs),
      renewals: () => renewalsIn(giveUpAt - clock.now(), leaseMs),
    });
    const pump = this.#pump({ drain: true, deadline, giveUpAt, allowance });
    let ended: DrainSummary["ended"] | undefined = options.signal?.aborted ? "stopped" : undefined;
    const stop = (why: "budget" | "stopped", reason?: (run: Run) => Error) => {
      ended ??= why;
      pump.stop(graceMs, reason);
    };
    const cancel = clock.timer(deadline - begunAt, () => {
      stop("budget", (run) => this.#overdue(run, budgetMs / 2));
    });
    let signalled: string | undefined;
    const silence = this.#settings.signals
      ? onStopSignal((name) => {
        signalled = name;
        stop("stopped");
      })
      : () => {};
    try {
      await this.#go(pump, () => stop("stopped"), options.signal);
    } finally {
      cancel();
      silence();
      // The signal was meant for the process: having handed back, or failed to, the drain passes it on.
      // A run that is still at work has heard it as well, and would be cut off by a second one.
      if (signalled !== undefined && this.#pumps.size === 0) raiseSignal(signalled);
    }
    if (pump.tally.kept >= max) ended ??= "max";
    ended ??= allowance.ranLow ? "requests" : "empty";
    return { ...pump.tally.summary(), ended, requests: allowance.used };
  }

  #pump(limits: Limits): Pump {
    return new Pump(this.#deps, this.#settings, limits);
  }

  async #go(pump: Pump, stop: () => void, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) return;
    signal?.addEventListener("abort", stop, { once: true });
    this.#pumps.add(pump);
    try {
      await pump.go();
    } finally {
      this.#pumps.delete(pump);
      signal?.removeEventListener("abort", stop);
    }
  }

  #overdue(run: Run, limitMs: number): Error {
    const ranMs = Math.round(this.#deps.clock.now() - run.attemptedAt);
    return ranMs < limitMs ? new WorkerStopping() : new TaskTimeoutError(run.task, ranMs);
  }
}

/** Checks a drain's `max`; throws `RangeError`. */
export function checkMax(max: number | undefined): number {
  if (max === undefined) return Infinity;
  if (Number.isInteger(max) && max >= 1) return max;
  throw new RangeError(`Cannot drain ${max} messages: max must be a whole number from 1`);
}
