/** The bounds of a store: how much it keeps of messages that have ended, and of dead letters. */

import { checkKnown } from "../known_options.ts";
import { type DeadLetterBounds, DEFAULT_DEAD_LETTERS } from "./dead_bounds.ts";
import { DEFAULT_RETENTION, type Retention } from "./retention.ts";

/** Bounds what is kept of messages that have ended or died. */
export interface Bounds {
  readonly retention: Retention;
  readonly deadLetters: DeadLetterBounds;
}

type Amounts = Readonly<Record<"count" | "bytes", number>>;

/**
 * Fills in the defaults.
 *
 * @throws {TypeError} when a bound is no whole number from 0 on.
 */
export function resolveBounds(
  given: {
    readonly retention?: Partial<Retention> | undefined;
    readonly deadLetters?: Partial<DeadLetterBounds> | undefined;
  } = {},
): Bounds {
  return {
    retention: resolve("retention", given.retention, DEFAULT_RETENTION),
    deadLetters: resolve("deadLetters", given.deadLetters, DEFAULT_DEAD_LETTERS),
  };
}

function resolve(name: string, given: Partial<Amounts> = {}, defaults: Amounts): Amounts {
  checkKnown(given, { count: true, bytes: true }, `bound ${name}`);
  const amounts = { ...defaults, ...given };
  for (const unit of ["count", "bytes"] as const) {
    if (Number.isSafeInteger(amounts[unit]) && amounts[unit] >= 0) continue;
    throw new TypeError(
      `Cannot use a ${name} ${unit} of ${amounts[unit]}: give a whole number from 0 on`,
    );
  }
  return amounts;
}
