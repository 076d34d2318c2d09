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
  const held = { id, queue, priority, claim, token };
  switch (verdict.kind) {
    case "succeeded":
    case "expired":
      return {
        ...held,
        outcome: verdict.kind,
        retainMs: verdict.retainMs,
        result: verdict.result,
      };
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
