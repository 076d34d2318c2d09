/** Cron: one drain a tick, on Deno and on Cloudflare Workers. */

import type { Dabba } from "./dabba.ts";
import type { TaskTree } from "./bound_tasks.ts";
import { type Duration, durationMs } from "./duration.ts";
import { checkKnown, type Known } from "./known_options.ts";
import { checkRequests } from "./worker/allowance.ts";
import { DEFAULT_LEASE, WORKER_OPTIONS, type WorkerOptions } from "./worker/options.ts";
import { checkMax, DRAIN_BUDGET, type DrainSummary } from "./worker/worker.ts";

/** Says how a tick drains. */
export interface TickOptions extends Omit<WorkerOptions, "budget"> {
  /** The time of one tick. @default "50s" */
  readonly budget?: Duration;
  /** The most messages of one tick. @default no limit */
  readonly max?: number;
  /**
   * The most requests to the store of one tick, for platforms that count them.
   * @default 30 on Cloudflare Workers, else no limit
   */
  readonly requests?: number;
}

/** The names of a tick's options. Not a constant: bundles of those who only enqueue would keep it. */
export function tickOptions(): Known<TickOptions> {
  return { ...WORKER_OPTIONS, budget: true, max: true, requests: true };
}

/** Says when and how `Deno.cron` drains. */
export interface CronOptions extends TickOptions {
  /** The cron's name: 1 to 64 characters of A-Z a-z 0-9 _ - and space. @default "dabba" */
  readonly cronName?: string;
  /** Five fields, in UTC. @default "* * * * *" */
  readonly schedule?: string;
}

type CronLike = (
  name: string,
  schedule: string,
  options: { readonly backoffSchedule: number[] },
  handler: () => Promise<void>,
) => Promise<void>;

/**
 * Drains at each tick of `Deno.cron`, where there is one; gives whether there is.
 *
 * On Deno Deploy, call it at the top level of the module. In the CLI `Deno.cron` needs the flag
 * `--unstable-cron`; without it nothing is registered, which the console is told.
 *
 * ```ts
 * import { Dabba, defineTask, denoCron } from "@dabba/queue";
 * import { memoryBroker } from "@dabba/queue/testing";
 * import { z } from "zod";
 *
 * const tidy = defineTask("tidy", { input: z.null() }, () => {});
 * const dabba = new Dabba({ broker: memoryBroker(), tasks: { tidy } });
 *
 * const ticks = denoCron(dabba, { schedule: "0 * * * *", budget: "4m" });
 * if (!ticks) await dabba.worker().drain(); // no cron here: work at once
 * ```
 *
 * @throws {TypeError | RangeError} for a bad option.
 */
export function denoCron<T extends TaskTree>(dabba: Dabba<T>, options: CronOptions = {}): boolean {
  const known: Known<CronOptions> = { ...tickOptions(), cronName: true, schedule: true };
  checkKnown(options, known, "drain by denoCron()");
  const { cronName = "dabba", schedule = "* * * * *", signals = true, ...rest } = options;
  // Deno Deploy sends SIGINT five seconds before it kills: time enough to hand back.
  const tick = { ...rest, signals };
  if (!/^[\w -]{1,64}$/.test(cronName)) {
    throw new TypeError(
      `Cannot name a cron "${cronName}": expected 1 to 64 characters of A-Z a-z 0-9 _ - and space`,
    );
  }
  checkTick(dabba, tick);
  const runtime = (globalThis as { Deno?: { cron?: CronLike } }).Deno;
  if (typeof runtime?.cron !== "function") {
    if (runtime !== undefined) tellFlag(cronName);
    return false;
  }
  // Explicit, since the CLI repeats a failed run by default: the next tick comes soon enough.
  runtime.cron(cronName, schedule, { backoffSchedule: [] }, async () => {
    await tickOnce(dabba, tick);
  });
  return true;
}

// False alone is easily missed: nothing would ever run.
function tellFlag(cronName: string): void {
  // deno-lint-ignore no-console
  console.warn(
    `Dabba: the cron "${cronName}" will not run, since Deno.cron is not there: ` +
      "start with deno run --unstable-cron …, or use dabba.worker().run() where denoCron() gives false",
  );
}

/** Is the handler that Cloudflare calls for cron triggers. */
export type ScheduledHandler = (
  controller?: unknown,
  env?: unknown,
  ctx?: unknown,
) => Promise<void>;

/**
 * Makes a `scheduled()` handler for Cloudflare Workers.
 *
 * ```ts
 * import { Dabba, defineTask, scheduled } from "@dabba/queue";
 * import { memoryBroker } from "@dabba/queue/testing";
 * import { z } from "zod";
 *
 * const tidy = defineTask("tidy", { input: z.null() }, () => console.log("tidied up"));
 * const dabba = new Dabba({ broker: memoryBroker(), tasks: { tidy } });
 *
 * // With `fetch: app.fetch` beside it, this is what a Worker exports by default.
 * const worker = { scheduled: scheduled(dabba, { budget: "25s", max: 100 }) };
 * await dabba.tasks.tidy.enqueue(null);
 * await worker.scheduled(); // tidied up
 * ```
 *
 * @throws {TypeError | RangeError} for a bad option.
 */
export function scheduled<T extends TaskTree>(
  dabba: Dabba<T>,
  options: TickOptions = {},
): ScheduledHandler {
  checkTick(dabba, options);
  return async function scheduled() {
    await tickOnce(dabba, options);
  };
}

/**
 * Drains once, as a tick does: for the cron of a platform that calls code.
 *
 * ```ts
 * import { Dabba, defineTask, tickOnce } from "@dabba/queue";
 * import { memoryBroker } from "@dabba/queue/testing";
 * import { z } from "zod";
 *
 * const tidy = defineTask("tidy", { input: z.null() }, () => {});
 * const dabba = new Dabba({ broker: memoryBroker(), tasks: { tidy } });
 * await dabba.tasks.tidy.enqueue(null);
 *
 * const { succeeded, ended, requests } = await tickOnce(dabba, { budget: "25s" });
 * console.log(succeeded, ended, requests); // 1 "empty" 3
 * ```
 *
 * @throws {BrokerError} when the store cannot be reached, or refuses.
 */
export async function tickOnce<T extends TaskTree>(
  dabba: Dabba<T>,
  options: TickOptions = {},
): Promise<DrainSummary> {
  checkKnown(options, tickOptions(), "drain at a tick");
  const { budget, max, requests, ...worker } = options;
  return await dabba.worker(worker).drain({
    ...(budget === undefined ? {} : { budget }),
    ...(max === undefined ? {} : { max }),
    ...(requests === undefined ? {} : { requests }),
  });
}

/** Checks a tick's options before the first tick; throws `TypeError` or `RangeError`. */
export function checkTick<T extends TaskTree>(
  dabba: Dabba<T>,
  options: TickOptions,
  budgetName = "budget",
): void {
  checkKnown(options, tickOptions(), "drain at a tick");
  const { budget = DRAIN_BUDGET, max, requests, ...worker } = options;
  checkMax(max);
  const leaseMs = durationMs(worker.lease ?? DEFAULT_LEASE);
  checkRequests(requests, durationMs(budget, budgetName), leaseMs);
  // With a name, nothing is drawn at random, which workerd forbids at module level.
  dabba.worker({ name: "tick", ...worker });
}
