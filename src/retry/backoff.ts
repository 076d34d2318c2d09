/** Backoff: what a user writes, resolved once to the plan that travels inside the message. */

import { type Duration, durationMs, isWholeMs } from "../duration.ts";
import { checkKnown, type Known } from "../known_options.ts";

/** Says how much of a wait is random: none of it, half, all, or a share from 0 to 1. */
export type Jitter = "none" | "equal" | "full" | number;

/** Waits twice as long each time, or `factor` times. */
export interface ExponentialBackoff {
  /** The kind of curve. */
  readonly type: "exponential";
  /** The first wait. */
  readonly delay: Duration;
  /** What each wait is multiplied by. @default 2 */
  readonly factor?: number;
  /** The longest wait. @default "1d" */
  readonly cap?: Duration;
  /** Attempts in all, the first included. @default 5 */
  readonly maxAttempts?: number;
  /** The random part of each wait. @default "full" */
  readonly jitter?: Jitter;
}

/** Waits `delay` longer each time. */
export interface LinearBackoff {
  /** The kind of curve. */
  readonly type: "linear";
  /** The first wait, and what each later one adds. */
  readonly delay: Duration;
  /** The longest wait. @default "1d" */
  readonly cap?: Duration;
  /** Attempts in all, the first included. @default 5 */
  readonly maxAttempts?: number;
  /** The random part of each wait. @default "full" */
  readonly jitter?: Jitter;
}

/** Waits the same each time. */
export interface FixedBackoff {
  /** The kind of curve. */
  readonly type: "fixed";
  /** Each wait. */
  readonly delay: Duration;
  /** Attempts in all, the first included. @default 5 */
  readonly maxAttempts?: number;
  /** The random part of each wait. @default "none" */
  readonly jitter?: Jitter;
}

/**
 * Says when failed attempts are repeated: a list with one wait for each retry, kept to the
 * millisecond, or a curve. An empty list means no retry.
 */
export type Backoff = readonly Duration[] | ExponentialBackoff | LinearBackoff | FixedBackoff;

/** Is a backoff resolved to data, as stored in each message: a list of waits, or a curve. */
export type BackoffPlan =
  | readonly number[]
  | {
    /** exponential, linear, fixed */
    readonly k: "e" | "l" | "f";
    /** The first wait, in milliseconds. */
    readonly d: number;
    /** The factor of an exponential curve. */
    readonly f?: number;
    /** The longest wait, in milliseconds. */
    readonly c: number;
    /** How many retries. */
    readonly n: number;
    /** The random share, 0 to 1. */
    readonly j: number;
  };

/** The schedule of a task that names none. */
export const DEFAULT_BACKOFF: Backoff = ["1m", "5m", "15m"];

const MAX_RETRIES = 1_000;
const MAX_FACTOR = 100;
const KINDS = { exponential: "e", linear: "l", fixed: "f" } as const;
type AnyCurve = Omit<ExponentialBackoff, "type"> & { readonly type: keyof typeof KINDS };
const CURVE: Known<AnyCurve> = {
  type: true,
  delay: true,
  factor: true,
  cap: true,
  maxAttempts: true,
  jitter: true,
};
const JITTERS: Readonly<Record<string, number>> = { none: 0, equal: 0.5, full: 1 };

/** Checks a backoff and resolves it to data. Throws `TypeError` or `RangeError` for a bad one. */
export function planBackoff(backoff: Backoff): BackoffPlan {
  if (isList(backoff)) {
    if (backoff.length > MAX_RETRIES) {
      throw new RangeError(
        `Cannot use a backoff of ${backoff.length} waits: at most ${MAX_RETRIES} are stored`,
      );
    }
    // Not `map`, which passes over holes.
    return Array.from(backoff, (wait, i) => durationMs(wait, `backoff[${i}]`));
  }
  // Text has no type either, and null is asked for none.
  if (!Object.hasOwn(KINDS, (backoff as AnyCurve | null)?.type as string)) {
    throw new TypeError(
      `Cannot read backoff: expected a list such as ["1m", "5m", "15m"], ` +
        `or { type: "exponential" | "linear" | "fixed", delay }`,
    );
  }
  return planCurve(backoff);
}

// `Array.isArray` does not narrow a readonly array away from the rest of the union.
function isList(backoff: Backoff): backoff is readonly Duration[] {
  return Array.isArray(backoff);
}

function planCurve(backoff: Exclude<Backoff, readonly Duration[]>): BackoffPlan {
  checkKnown(backoff, CURVE, "read backoff");
  const { type, delay, factor = 2, cap = "1d", maxAttempts = 5, jitter } = backoff as AnyCurve;
  const retries = maxAttempts - 1;
  if (!isCount(retries)) {
    throw new RangeError(
      `Cannot use maxAttempts ${maxAttempts}: it must be a whole number from 1 to ${
        MAX_RETRIES + 1
      }`,
    );
  }
  if (!(factor >= 1 && factor <= MAX_FACTOR)) {
    throw new RangeError(`Cannot use backoff factor ${factor}: it must be from 1 to ${MAX_FACTOR}`);
  }
  const fixed = type === "fixed";
  const delayMs = durationMs(delay, "backoff.delay");
  return {
    k: KINDS[type],
    d: delayMs,
    ...(type === "exponential" ? { f: factor } : {}),
    c: fixed ? delayMs : durationMs(cap, "backoff.cap"),
    n: retries,
    // Who writes "fixed" means it; curves spread a storm of retries.
    j: jitterShare(jitter ?? (fixed ? "none" : "full")),
  };
}

function jitterShare(jitter: Jitter): number {
  const share = typeof jitter === "number" ? jitter : JITTERS[jitter];
  if (!isWithin(share, 1)) {
    throw new RangeError(
      `Cannot use jitter ${jitter}: expected "none", "equal", "full" or a share from 0 to 1`,
    );
  }
  return share;
}

/** Says whether a value that was read from a message is a plan. */
export function isBackoffPlan(value: unknown): value is BackoffPlan {
  if (Array.isArray(value)) return value.every(isWholeMs);
  const { k, d, f = 1, c, n, j } = (value ?? {}) as Record<string, unknown>;
  return (k === "e" || k === "l" || k === "f") && isWholeMs(d) && isWholeMs(c) &&
    isCount(n) && isWithin(f, MAX_FACTOR) && isWithin(j, 1);
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && isWithin(value, MAX_RETRIES);
}

function isWithin(value: unknown, most: number): value is number {
  return typeof value === "number" && value >= 0 && value <= most;
}

/** Counts the attempts that a plan allows in all. */
export function maxAttempts(plan: BackoffPlan): number {
  return ("k" in plan ? plan.n : plan.length) + 1;
}

/**
 * Tells the wait before the next attempt, in milliseconds, or undefined when none is left.
 * `failures` counts the failed attempts, 1 after the first; `random` is from 0 to 1.
 */
export function nextDelayMs(
  plan: BackoffPlan,
  failures: number,
  random: number,
): number | undefined {
  if (!("k" in plan)) return plan[failures - 1];
  if (failures > plan.n) return undefined;
  // A curve that begins with 0 stays there: times an infinite power it would be no number.
  const wait = plan.d === 0 ? 0 : Math.min(plan.c, curve(plan, failures));
  return Math.round(wait * (1 - plan.j * random));
}

function curve(plan: Exclude<BackoffPlan, readonly number[]>, failures: number): number {
  if (plan.k === "f") return plan.d;
  return plan.k === "l" ? plan.d * failures : plan.d * (plan.f ?? 2) ** (failures - 1);
}
