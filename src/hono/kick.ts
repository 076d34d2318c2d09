/** The kick: drains a little after a request that has enqueued something. */

import type { Dabba } from "../dabba.ts";
import type { TaskTree } from "../bound_tasks.ts";
import type { TickOptions } from "../cron.ts";
import { durationMs } from "../duration.ts";
import { checkMax, type Worker } from "../worker/worker.ts";

/** Says how the drain after a request goes. */
export interface KickOptions extends TickOptions {
  /** The time of one drain. @default "10s" */
  readonly budget?: TickOptions["budget"];
  /**
   * Hears of a drain that failed. An outage of the store is also told by the event `outage`.
   * @default nobody: the messages are safe, and the next tick drains them
   */
  readonly onError?: (error: unknown) => void;
}

/** A platform that ends a request's work may end a kick without a word: it is then given up. */
const STALE_BUDGETS = 4;

/** Drains on demand, one at a time; one per middleware. */
export class Kick {
  readonly #worker: Worker;
  readonly #budgetMs: number;
  readonly #max: number;
  readonly #onError: (error: unknown) => void;
  #begunAt = -Infinity;
  #running = false;
  #again = false;

  /** Checks the options; throws `TypeError` or `RangeError` for a bad one. */
  constructor(dabba: Dabba<TaskTree>, options: KickOptions) {
    const { budget = "10s", max, onError = () => {}, ...worker } = options;
    // With a name given, nothing is drawn at random, which workerd forbids at module level.
    this.#worker = dabba.worker({ name: "kick", ...worker });
    this.#budgetMs = durationMs(budget, "kick.budget");
    this.#max = checkMax(max);
    this.#onError = onError;
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

  // Two budgets at most: Workers give a request's work 30 seconds.
  async #drains(begunAt: number): Promise<void> {
    // The response goes out first: handlers of the same process could hold it up.
    await new Promise((resolve) => setTimeout(resolve, 0));
    try {
      for (let count = 1;; count++) {
        this.#again = false;
        await this.#drain();
        const late = performance.now() - begunAt >= this.#budgetMs;
        if (!this.#again || (count > 1 && late)) break;
      }
    } finally {
      if (this.#begunAt === begunAt) this.#running = false;
    }
  }

  async #drain(): Promise<void> {
    try {
      const max = this.#max === Infinity ? {} : { max: this.#max };
      await this.#worker.drain({ budget: this.#budgetMs, ...max });
    } catch (error) {
      // Nobody waits for a kick: the messages stay in the store, for the next tick.
      this.#onError(error);
    }
  }
}
