/** What an enqueue may say, checked as Deno KV checks it, without its bounds. */

import { type Duration, durationMs } from "../duration.ts";
import { planBackoff } from "../retry/backoff.ts";
import { checkKey, type KvKey } from "./key.ts";

/** Says how one value is enqueued. */
export interface KvEnqueueOptions {
  /** How long to wait, in milliseconds or as text such as `"3d"`; up to ten years. @default 0 */
  readonly delay?: Duration | null;
  /**
   * The waits before each retry; an empty list means none. Up to 1,000, of up to ten years each.
   * @default [100, 1000, 5000, 30000, 60000]
   */
  readonly backoffSchedule?: readonly Duration[];
  /** Where the value is to be found, by `get` and `list`, if all attempts have failed. */
  readonly keysIfUndelivered?: readonly KvKey[] | null;
}

/** What Deno KV does where nothing is said. */
const DEFAULT_SCHEDULE: readonly number[] = [100, 1_000, 5_000, 30_000, 60_000];

/** Holds the options of an enqueue, checked. */
export interface KvEnqueue {
  readonly delay: number;
  readonly backoff: readonly number[];
  readonly keys: readonly KvKey[];
}

/** Checks options; throws `TypeError`. */
export function checkEnqueue(options: KvEnqueueOptions | null = {}): KvEnqueue {
  const { delay, backoffSchedule = DEFAULT_SCHEDULE, keysIfUndelivered } = options ?? {};
  return {
    delay: readDelay(delay ?? 0),
    backoff: readSchedule(backoffSchedule),
    keys: readKeys(keysIfUndelivered ?? []),
  };
}

function readDelay(delay: Duration): number {
  return asTypeError(() => durationMs(delay, "delay"));
}

function readSchedule(schedule: readonly Duration[]): readonly number[] {
  if (!Array.isArray(schedule)) {
    throw new TypeError("Cannot use backoffSchedule: expected a list, such as [1000, 5000, 10000]");
  }
  return asTypeError(() => planBackoff(schedule) as readonly number[]);
}

function readKeys(keys: readonly KvKey[]): readonly KvKey[] {
  if (!Array.isArray(keys)) {
    throw new TypeError(
      `Cannot use keysIfUndelivered: expected a list of keys, such as [["a", 1]]`,
    );
  }
  return Array.from(keys, (key, i) => checkKey(key, `keysIfUndelivered[${i}]`));
}

// Deno KV knows no RangeError: code that catches its TypeError goes on working.
function asTypeError<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof RangeError ? new TypeError(error.message) : error;
  }
}
