/** The allowance: how many messages a drain may take, and how many requests it may make. */

import { isCloudflare } from "../environment.ts";

/** Says how much there is. */
export interface Most {
  /** Messages to take in all. */
  readonly messages: number;
  /** Requests to the store in all. */
  readonly requests: number;
  /** How many rounds of renewals may still come. */
  readonly renewals: () => number;
}

/**
 * What must be left once nothing more is taken: a look that has begun (2), the other channel's
 * request, the first renewal of all, what a suspect and progress may need, and settles, three since
 * large results travel apart.
 */
const RESERVE = 9;
/** Workers have 50 subrequests an invocation on the free plan; the rest is for the handlers. */
const CLOUDFLARE_REQUESTS = 30;

/** Counts down; one per run or drain. */
export class Allowance {
  readonly #most: Most;
  #used = 0;
  #ranLow = false;

  /** Makes it; `Infinity` stands for no limit. */
  constructor(most: Most) {
    this.#most = most;
  }

  /** How many requests were made. */
  get used(): number {
    return this.#used;
  }

  /** Whether there is a limit to the requests, so that each must bring much. */
  get counted(): boolean {
    return this.#most.requests !== Infinity;
  }

  /** Whether it was the requests that ended the taking. */
  get ranLow(): boolean {
    return this.#ranLow;
  }

  /** Whether the requests that are left are only enough to keep and settle what is held. */
  get scarce(): boolean {
    const { requests, renewals } = this.#most;
    if (requests === Infinity) return false;
    // Once low, always low: as time passes fewer renewals are ahead, and it would take one more
    // message for each that no longer is.
    this.#ranLow ||= requests - this.#used < RESERVE + renewals();
    return this.#ranLow;
  }

  /** Tells how many messages may be taken yet, when so many were. */
  left(taken: number): number {
    const left = this.#most.messages - taken;
    return left > 0 && this.scarce ? 0 : left;
  }

  /** Takes one request; false where none is left. */
  spend(): boolean {
    if (this.#used >= this.#most.requests) return false;
    this.#used++;
    return true;
  }
}

/** How often leases have to be renewed in a time. */
export function renewalsIn(ms: number, leaseMs: number): number {
  return Math.ceil(Math.max(0, ms) / (leaseMs / 3));
}

/** The fewest requests with which a drain takes anything. */
export function leastRequests(budgetMs: number, leaseMs: number): number {
  return RESERVE + renewalsIn(budgetMs, leaseMs);
}

/** Checks a drain's `requests`, or gives the platform's; throws `RangeError`. */
export function checkRequests(
  requests: number | undefined,
  budgetMs: number,
  leaseMs: number,
): number {
  const least = leastRequests(budgetMs, leaseMs);
  if (requests === undefined) {
    return isCloudflare() ? Math.max(CLOUDFLARE_REQUESTS, least) : Infinity;
  }
  if (requests === Infinity || Number.isInteger(requests) && requests >= least) return requests;
  throw new RangeError(
    `Cannot drain with ${requests} requests: a budget of ${budgetMs} ms and a lease of ${leaseMs} ` +
      `ms need a whole number from ${least}; allow more, or shorten the budget`,
  );
}
