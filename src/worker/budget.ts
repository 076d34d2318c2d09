/** The budget: stretches a worker's looks in vain to what they may cost, and tells when work costs more. */

import type { Broker, ExchangeReply, ExchangeRequest } from "../broker/broker.ts";
import type { BrokerCosts } from "../broker/costs.ts";
import type { PumpDeps } from "./deps.ts";
import type { WorkerSettings } from "./options.ts";

/** Says what a worker may spend. */
export interface CommandBudget {
  /** Commands in 30 days, as the store bills them; those of this worker, not of producers. */
  readonly commandsPerMonth: number;
}

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
const MONTH_HOURS = 30 * DAY_HOURS;

/** Is the part of a broker that a worker's channels call. */
export type Metered = Pick<Broker, "exchange" | "probe">;

/** Counts what a worker spends; one per run. */
export class Budget {
  readonly #deps: Pick<PumpDeps, "clock" | "events">;
  readonly #worker: Pick<WorkerSettings, "name" | "queues">;
  readonly #costs: BrokerCosts;
  readonly #hourly: number;
  #left: number;
  #countedAt: number;
  #toldAt = -Infinity;

  /** Makes it; it begins with what an hour allows. */
  constructor(
    { commandsPerMonth }: CommandBudget,
    costs: BrokerCosts,
    { deps, worker }: {
      readonly deps: Pick<PumpDeps, "clock" | "events">;
      readonly worker: Pick<WorkerSettings, "name" | "queues">;
    },
  ) {
    this.#deps = deps;
    this.#worker = worker;
    this.#costs = costs;
    this.#hourly = commandsPerMonth / MONTH_HOURS;
    this.#left = this.#hourly;
    this.#countedAt = deps.clock.now();
  }

  /** Passes calls on, and counts what they cost. */
  meter(broker: Metered): Metered {
    return {
      exchange: async (request) => {
        const reply = await broker.exchange(request);
        this.#spend(this.#costOf(request, reply));
        return reply;
      },
      probe: async (queues) => {
        const dueAtMs = await broker.probe(queues);
        this.#spend(this.#costs.probe);
        return dueAtMs;
      },
    };
  }

  /** How long a look must wait until it is allowed, in milliseconds. */
  waitMs(): number {
    this.#count();
    return Math.max(0, this.#costs.probe - this.#left) / this.#hourly * HOUR_MS;
  }

  // What is not spent is there later, a day's worth at most.
  #count(): void {
    const now = this.#deps.clock.now();
    const earned = (now - this.#countedAt) / HOUR_MS * this.#hourly;
    this.#countedAt = now;
    this.#left = Math.min(this.#hourly * DAY_HOURS, this.#left + earned);
  }

  #spend(commands: number): void {
    this.#count();
    this.#left -= commands;
    // Work is never put off: it is told instead, at most once an hour.
    if (this.#left >= -this.#hourly || this.#countedAt - this.#toldAt < HOUR_MS) return;
    this.#toldAt = this.#countedAt;
    const commandsPerMonth = this.#hourly * MONTH_HOURS;
    this.#deps.events.emit("overBudget", { worker: this.#worker.name, commandsPerMonth });
  }

  #costOf({ settle, sweep }: ExchangeRequest, { claimed }: ExchangeReply): number {
    const costs = this.#costs;
    if (sweep) return costs.sweep(this.#worker.queues.length);
    if (settle.length > 0) return claimed.length > 0 ? costs.settleAndClaim : costs.settle;
    return claimed.length > 0 ? costs.claim : costs.look;
  }
}

/** Makes a worker's budget; undefined where it has none, or its store no prices. */
export function budgetOf(deps: PumpDeps, worker: WorkerSettings): Budget | undefined {
  const costs = deps.broker.costs?.();
  if (worker.budget === undefined || costs === undefined) return undefined;
  return new Budget(worker.budget, costs, { deps, worker });
}

/** Checks a budget; throws `TypeError` or `RangeError`. */
export function checkBudget(budget: CommandBudget | undefined): CommandBudget | undefined {
  if (budget === undefined) return undefined;
  const commands = budget?.commandsPerMonth;
  if (typeof commands !== "number") {
    throw new TypeError("Cannot use this budget: give { commandsPerMonth: 500_000 }");
  }
  if (Number.isFinite(commands) && commands >= 1) return { commandsPerMonth: commands };
  throw new RangeError(`Cannot use commandsPerMonth ${commands}: it must be a number from 1`);
}
