/** What a broker must bring to be held to the contract. */

import type { Broker } from "../../../src/broker/broker.ts";
import type { DeadLetterBounds } from "../../../src/broker/dead_bounds.ts";
import type { Retention } from "../../../src/broker/retention.ts";

/** Is one empty store, with the clock by which it goes. */
export interface ContractHarness {
  /** The broker under test; one test closes it. */
  readonly broker: Broker;
  /** Another broker on the same store, to look with; left out where looking is quick anyway. */
  readonly reader?: Broker;
  /** The store's clock, in whole milliseconds. It stands still unless it is moved. */
  readonly clock: { now(): number; advance(ms: number): void };
  /** Opens a second broker on the same store and clock; left out where there can be none. */
  reopen?(): Promise<Broker>;
  /**
   * Lists what is left in the store that has neither an end nor a place on the permanent list;
   * nothing is expected. Called after each test, before `close()`; a test may have closed `broker`.
   */
  leftovers(): Promise<string[]>;
  /** Closes all brokers of this store and removes it. */
  close(): Promise<void>;
}

/** Bounds what a store keeps. */
export interface HarnessBounds {
  readonly retention?: Retention;
  readonly deadLetters?: DeadLetterBounds;
}

/** Makes an empty store; what is kept of messages that have ended or died may be bounded. */
export type OpenHarness = (bounds?: HarnessBounds) => Promise<ContractHarness>;

/** Makes the clock of a harness; it starts at the given instant. */
export function manualClock(startMs = 1_790_000_000_000): ContractHarness["clock"] {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    advance: (ms) => {
      nowMs += ms;
    },
  };
}
