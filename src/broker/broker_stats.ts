/** What a store holds, in numbers. */

import type { DeadLetterBounds } from "./dead_bounds.ts";

/** Counts the messages of one queue. */
export interface QueueStats {
  /** The queue's name. */
  readonly queue: string;
  /** Messages due now. */
  readonly ready: number;
  /** Messages due later: scheduled, backing off, or leased. */
  readonly later: number;
  /** When the oldest message that is due became due; undefined when none is. */
  readonly oldestReadyAtMs: number | undefined;
}

/** Counts what the store holds. */
export interface BrokerStats {
  /** The store's clock. */
  readonly nowMs: number;
  /** The queues that hold messages, by name. */
  readonly queues: readonly QueueStats[];
  /** How many dead letters there are. */
  readonly dead: number;
  /** How many bytes their bodies and histories take. */
  readonly deadBytes: number;
  /** How many of them this broker keeps. */
  readonly deadLetters: DeadLetterBounds;
}
