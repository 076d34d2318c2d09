/** Failures: what an attempt that threw becomes, and what is written down about it. */

import type { Delivery } from "../broker/broker.ts";
import { RejectError, TaskTimeoutError } from "../errors.ts";
import {
  addAttempt,
  type AttemptRecord,
  decodeJournal,
  describeError,
  encodeJournal,
  type ErrorRecord,
  type Journal,
} from "../message/journal.ts";
import type { BackoffPlan } from "../retry/backoff.ts";
import { decide } from "../retry/decide.ts";
import { WorkerStopping } from "./stopping.ts";
import type { Verdict } from "./verdict.ts";

/** Tells where and when a delivery failed. */
export interface Scene {
  /** The worker's name. */
  readonly worker: string;
  /** The store's clock when it failed. */
  readonly nowMs: number;
  /** The store's clock when it was claimed: only then was a crash before it noticed. */
  readonly claimedAtMs: number;
}

/** Is what counts besides what was thrown. */
export interface Circumstances {
  /** When failed attempts are repeated. */
  readonly plan: BackoffPlan;
  /** From 0 to 1. */
  readonly random: number;
  /** Whether the handler had begun. */
  readonly begun: boolean;
  /** Where and when it failed. */
  readonly scene: Scene;
}

/** Judges an attempt that threw; never throws itself. */
export function judge(delivery: Delivery, thrown: unknown, around: Circumstances): Verdict {
  try {
    return rule(delivery, thrown, around);
  } catch {
    // A revoked proxy throws at a mere `instanceof`: whatever was thrown, a message needs a verdict.
    return rule(delivery, new Error("Its handler threw a value that cannot be read"), around);
  }
}

function rule(delivery: Delivery, thrown: unknown, around: Circumstances): Verdict {
  const { plan, random, begun, scene } = around;
  if (thrown instanceof WorkerStopping) return { kind: "released" };
  const decision = decide(thrown, plan, { failures: delivery.failures + 1, random, begun });
  if (decision.kind === "defer") return { kind: "deferred", delayMs: decision.delayMs };
  const error = describeError(thrown);
  if (decision.kind === "dead") {
    const kind = decision.why === "exhausted" ? kindOf(thrown) : decision.why;
    return bury(delivery, error, { kind, failed: true, scene });
  }
  const journal = encodeJournal(write(delivery, kindOf(thrown), { error, scene }));
  return { kind: "retried", delayMs: decision.delayMs, journal, error };
}

/** Gives a message up that cannot be opened: no attempt was made. */
export function buryUnread(delivery: Delivery, thrown: unknown, scene: Scene): Verdict {
  return bury(delivery, describeError(thrown), { kind: "invalid", failed: false, scene });
}

/** Gives a message up whose workers vanished under it again and again: it is not tried once more. */
export function buryPoison(delivery: Delivery, maxCrashes: number, scene: Scene): Verdict {
  const message = `Its worker vanished ${delivery.crashes} times while it ran ` +
    `(maxCrashes is ${maxCrashes})`;
  const error = { name: "PoisonError", message };
  const journal = encodeJournal({ ...readAttempts(delivery, scene.claimedAtMs), error });
  return { kind: "dead", journal, failed: false, error };
}

function bury(
  delivery: Delivery,
  error: ErrorRecord,
  { kind, failed, scene }: {
    readonly kind: AttemptRecord["kind"];
    readonly failed: boolean;
    readonly scene: Scene;
  },
): Verdict {
  const journal = encodeJournal(write(delivery, kind, { error, scene }));
  return { kind: "dead", journal, failed, error };
}

function write(
  delivery: Delivery,
  kind: AttemptRecord["kind"],
  { error, scene }: { readonly error: ErrorRecord; readonly scene: Scene },
): Journal {
  const { name, message } = error;
  const record = { ...stamp(delivery, scene.nowMs), kind, name, message, worker: scene.worker };
  return addAttempt(readAttempts(delivery, scene.claimedAtMs), record, error);
}

/**
 * Reads what is known of earlier attempts. A worker that vanished could not write anything down: the
 * next one does it.
 */
export function readAttempts(delivery: Delivery, claimedAtMs: number): Journal {
  const journal = decodeJournal(delivery.journal);
  if (delivery.crashedWorker === "") return journal;
  return addAttempt(journal, {
    ...stamp(delivery, claimedAtMs),
    kind: "crashed",
    name: "LeaseExpired",
    message: "Its worker vanished while it ran",
    worker: delivery.crashedWorker,
  });
}

function stamp({ failures }: Delivery, atMs: number): { attempt: number; at: string } {
  return { attempt: failures + 1, at: new Date(atMs).toISOString() };
}

function kindOf(thrown: unknown): AttemptRecord["kind"] {
  if (thrown instanceof RejectError) return "rejected";
  return thrown instanceof TaskTimeoutError ? "timed_out" : "failed";
}
