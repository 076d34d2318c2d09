/** What becomes of a failed attempt: a pure function of the error, the plan and a random number. */

import { durationMs } from "../duration.ts";
import { DeferError, RejectError, RetryError, ValidationError } from "../errors.ts";
import { type BackoffPlan, nextDelayMs } from "./backoff.ts";

/** Says what becomes of an attempt that threw. */
export type Decision =
  | { readonly kind: "retry"; readonly delayMs: number }
  | { readonly kind: "defer"; readonly delayMs: number }
  | { readonly kind: "dead"; readonly why: "rejected" | "invalid" | "exhausted" };

/** Is what is known of the attempt. */
export interface Failed {
  /** How many attempts have failed, with this one. */
  readonly failures: number;
  /** From 0 to 1. */
  readonly random: number;
  /** Whether the handler had begun. */
  readonly begun: boolean;
}

/** Decides. */
export function decide(
  thrown: unknown,
  plan: BackoffPlan,
  { failures, random, begun }: Failed,
): Decision {
  if (thrown instanceof RejectError) return { kind: "dead", why: "rejected" };
  // Once the handler has begun, the input that did not fit was one that it gave to another task.
  if (!begun && thrown instanceof ValidationError && thrown.side === "input") {
    return { kind: "dead", why: "invalid" };
  }
  const asked = askedDelayMs(thrown);
  if (thrown instanceof DeferError && asked !== undefined) return { kind: "defer", delayMs: asked };
  const planned = nextDelayMs(plan, failures, random);
  if (planned === undefined) return { kind: "dead", why: "exhausted" };
  return { kind: "retry", delayMs: asked ?? planned };
}

// A delay that cannot be read must not lose the message: it then fails like any other attempt.
function askedDelayMs(thrown: unknown): number | undefined {
  if (!(thrown instanceof DeferError || thrown instanceof RetryError)) return undefined;
  try {
    return durationMs(thrown.delay);
  } catch {
    return undefined;
  }
}
