/** Verdicts: what the worker found to become of a delivery, and how that is told to the store. */

import type { Delivery, Settlement } from "../broker/broker.ts";
import type { ErrorRecord } from "../message/journal.ts";

/** Says what becomes of a delivery. */
export type Verdict =
  | { readonly kind: "succeeded"; readonly retainMs: number; readonly result: string }
  | { readonly kind: "expired"; readonly retainMs: number; readonly result: string }
  | {
    readonly kind: "retried";
    readonly delayMs: number;
    readonly journal: string;
    readonly error: ErrorRecord;
  }
  | {
    readonly kind: "dead";
    readonly journal: string;
    readonly failed: boolean;
    readonly error: ErrorRecord;
  }
  | { readonly kind: "deferred"; readonly delayMs: number }
  | { readonly kind: "unknownTask"; readonly delayMs: number }
  | { readonly kind: "skipped"; readonly delayMs: number; readonly timeoutMs: number }
  | { readonly kind: "released" };

/** Words a verdict for the store. */
export function toSettlement(delivery: Delivery, verdict: Verdict): Settlement {
  const { id, queue, priority, claim, token } = delivery;
  const { kind } = verdict;
  // Nearly all end so, and a spread would take longer.
  if (kind === "succeeded" || kind === "expired") {
    const { retainMs, result } = verdict;
    return { id, queue, priority, claim, token, outcome: kind, retainMs, result };
  }
  const held = { id, queue, priority, claim, token };
  switch (kind) {
    case "retried":
      return { ...held, outcome: "retry", delayMs: verdict.delayMs, journal: verdict.journal };
    case "dead":
      return { ...held, outcome: "dead", journal: verdict.journal, failed: verdict.failed };
    case "released":
      return { ...held, outcome: "defer", delayMs: 0 };
    default:
      return { ...held, outcome: "defer", delayMs: verdict.delayMs };
  }
}
