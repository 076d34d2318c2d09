/** The kick: drains a little after a request that has enqueued something. */

import { type TickOptions, tickOptions } from "./cron.ts";
import { durationMs } from "./duration.ts";
import { isCloudflare } from "./environment.ts";
import { checkKnown, type Known } from "./known_options.ts";
import { checkRequests, leastRequests } from "./worker/allowance.ts";
import { DEFAULT_LEASE, type WorkerOptions } from "./worker/options.ts";
import { checkMax, type Worker } from "./worker/worker.ts";

/** Says how the drain after a request goes. */
export interface KickOptions extends TickOptions {
  /** The time of one drain; Workers end a request's work after 30 s. @default "10s" */
  readonly budget?: TickOptions["budget"];
  /**
   * The most requests to the store of all drains that one request sets off.
   * @default 30 on Cloudflare Workers, else no limit
   */
  readonly requests?: TickOptions["requests"];
  /**
   * Hears of a drain that failed. An outage of the store is also told by the event `outage`.
   * @default nobody: the messages are safe, and the next tick drains them
   */
  readonly onError?: (error: unknown) => void;
}

/** A platform that ends a request's work may end a kick without a word: it is then given up. */
const STALE_BUDGETS = 4;
/** Cloudflare ends a request's work after 30 seconds: what is begun in them must end in them. */
const CLOUDFLARE_MS = 28_000;
/** In less time than that a drain would get nothing done. */
const LEAST_MS = 1_000;

/** Is what makes the worker: a Dabba. */
export interface Employer {
  /** Makes a worker. */
  worker(options: WorkerOptions): Worker;
}

/** Drains on demand, one at a time; one per middleware. */
export class Kick {
  readonly #worker: Worker;
  readonly #budgetMs: number;
  readonly #totalMs: number;
  readonly #max: number;
  readonly #requests: number;
  readonly #least: number;
  readonly #onError: (error: unknown) => void;
  #begunAt = -Infinity;
  #running = false;
  #again = false;

  /** Checks the options; throws `TypeError` or `RangeError` for a bad one. */
  constructor(dabba: Employer, options: KickOptions) {
    const known: Known<KickOptions> = { ...tickOptions(), onError: true };
    checkKnown(options, known, "kick");
    const { budget = "10s", max, requests, onError = () => {}, ...worker } = options;
    // With a name given, nothing is drawn at random, which workerd forbids at module level.
    this.#worker = dabba.worker({ name: "kick", ...worker });
    this.#budgetMs = durationMs(budget, "kick.budget");
    const leaseMs = durationMs(worker.lease ?? DEFAULT_LEASE);
    this.#totalMs = isCloudflare() ? CLOUDFLARE_MS : Infinity;
    if (this.#budgetMs > this.#totalMs) {
      throw new RangeError(
        `Cannot use kick.budget ${this.#budgetMs} ms: Workers end a request's work after 30 s; ` +
          `give ${CLOUDFLARE_MS} ms at most, and leave the rest to a cron trigger`,
      );
    }
    this.#max = checkMax(max);
    this.#requests = checkRequests(requests, this.#budgetMs, leaseMs);
    this.#least = leastRequests(this.#budgetMs, leaseMs);
    this.#onError = onError;
  }

  /** Follows one request; `wait` keeps the platform from ending what it is given. */
  after(wait: (work: Promise<void>) => void): Kicker {
    return new Kicker(() => {
      const work = this.start();
      if (work !== undefined) wait(work);
    });
  }

  /**
   * Drains, or, while another drain runs, has that one followed by one more. Gives the work to be
   * waited for, if it is this caller's; it never fails.
   */
  start(): Promise<void> | undefined {
    const now = performance.now();
    if (this.#running && now - this.#begunAt < this.#budgetMs * STALE_BUDGETS) {
      this.#again = true;
      return undefined;
    }
    this.#running = true;
    this.#begunAt = now;
    return this.#drains(now);
  }

  // One budget at least, and two at most, as far as the platform's time and requests go.
  async #drains(begunAt: number): Promise<void> {
    // The response goes out first: handlers of the same process could hold it up.
    await new Promise((resolve) => setTimeout(resolve, 0));
    try {
      let requests = this.#requests;
      let budgetMs = this.#budgetMs;
      for (let count = 1;; count++) {
        this.#again = false;
        requests -= await this.#drain(budgetMs, requests);
        const ranMs = performance.now() - begunAt;
        const leftMs = this.#totalMs - ranMs;
        budgetMs = Math.min(this.#budgetMs, leftMs);
        const late = count > 1 && ranMs >= this.#budgetMs;
        if (!this.#again || late || leftMs < LEAST_MS || requests < this.#least) break;
      }
    } finally {
      if (this.#begunAt === begunAt) this.#running = false;
    }
  }

  /** Gives how many requests it made. */
  async #drain(budget: number, requests: number): Promise<number> {
    try {
      const max = this.#max === Infinity ? {} : { max: this.#max };
      return (await this.#worker.drain({ budget, requests, ...max })).requests;
    } catch (error) {
      // Nobody waits for a kick: the messages stay in the store, for the next tick.
      this.#onError(error);
      return this.#requests === Infinity ? 0 : this.#requests;
    }
  }
}

/** Kicks once its request is answered, and for whatever is enqueued after that. */
export class Kicker {
  readonly #start: () => void;
  #answered = false;
  #pending = false;

  /** Makes it for one request. */
  constructor(start: () => void) {
    this.#start = start;
  }

  /** Takes down that the request has enqueued something. */
  enqueued(): void {
    this.#pending = true;
    if (this.#answered) this.#start();
  }

  /** Takes down that the request is answered. */
  answered(): void {
    this.#answered = true;
    if (this.#pending) this.#start();
  }
}
