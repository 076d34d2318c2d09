/** One message as the memory broker keeps it, and what readers and workers see of it. */

import type {
  Delivery,
  Line,
  MessageRecord,
  MessageState,
  PushMessage,
} from "../../broker/broker.ts";

/** Is all there is of a message; instants are milliseconds since 1970. */
export interface Message extends Line {
  readonly id: string;
  /** As it was pushed: tells a replay from a second use of the id. */
  readonly nonce: string;
  readonly enqueuedAtMs: number;
  /** Live ones stand in a line; the others have ended. */
  state: "live" | "succeeded" | "dead" | "cancelled" | "expired";
  /** When a live one is to be handed over next: its delay, its backoff or its lease ends. */
  dueAtMs: number;
  /** When it got to where it stands: decides among those of one instant. */
  turn: number;
  /** 0 for never. */
  expiresAtMs: number;
  /** 0 while it has not ended. */
  finishedAtMs: number;
  /** From when on it counts as unknown; Infinity for live and dead ones. */
  forgetAtMs: number;
  fence: number;
  failures: number;
  crashes: number;
  /** The claim under which it is held; empty when nobody holds it. */
  claim: string;
  /** Whether it is held, but not begun: its lease may run out without being counted. */
  parked: boolean;
  worker: string;
  crashedWorker: string;
  /** The last claim whose settlement counted, and the last operations by hand. */
  settledUnder: string | undefined;
  cancelledBy: string | undefined;
  redrivenBy: string | undefined;
  body: string;
  journal: string;
  progress: string;
  result: string;
}

/** The least retention: a request may be sent again for that long and finds its outcome. */
const MIN_RETAIN_MS = 10 * 60_000;

/** Gives the instant that lies a while after another. */
export function after(nowMs: number, ms: number): number {
  return Math.round(nowMs + ms);
}

/** Makes a message that has just come. */
export function newMessage(pushed: PushMessage, nowMs: number, turn: number): Message {
  const { id, nonce, queue, priority, body, delayMs, dueAtMs, expiresInMs } = pushed;
  return {
    ...{ id, nonce, queue, priority, body, turn },
    state: "live",
    enqueuedAtMs: nowMs,
    dueAtMs: dueAtMs === undefined ? after(nowMs, delayMs) : Math.round(Math.max(dueAtMs, nowMs)),
    expiresAtMs: expiresInMs > 0 ? after(nowMs, expiresInMs) : 0,
    finishedAtMs: 0,
    forgetAtMs: Infinity,
    ...{ fence: 0, failures: 0, crashes: 0 },
    ...{ claim: "", parked: false, worker: "", crashedWorker: "" },
    ...{ settledUnder: undefined, cancelledBy: undefined, redrivenBy: undefined },
    ...{ journal: "", progress: "", result: "" },
  };
}

/** Ends a message whose outcome is kept for a while; all else of it goes. */
export function finish(
  message: Message,
  state: "succeeded" | "expired" | "cancelled",
  { result, retainMs, nowMs }: {
    readonly result: string;
    readonly retainMs: number;
    readonly nowMs: number;
  },
): void {
  Object.assign(message, {
    ...{ state, result, claim: "", parked: false, body: "", journal: "", progress: "" },
    finishedAtMs: nowMs,
    forgetAtMs: after(nowMs, Math.max(retainMs, MIN_RETAIN_MS)),
  });
}

/** Says whether nobody has had it before its expiry. */
export function isExpired({ fence, expiresAtMs }: Message, nowMs: number): boolean {
  return fence === 0 && expiresAtMs > 0 && expiresAtMs <= nowMs;
}

function stateOf(message: Message, nowMs: number): MessageState {
  if (message.state !== "live") return message.state;
  if (isExpired(message, nowMs)) return "expired";
  // A lease that ran out leaves its message ready, whoever held it.
  if (message.dueAtMs <= nowMs) return "ready";
  return message.claim === "" ? "scheduled" : "leased";
}

/** Says what is read about a message at an instant. */
export function recordOf(message: Message, nowMs: number): MessageRecord {
  const { id, queue, priority, failures, crashes, fence, enqueuedAtMs, dueAtMs } = message;
  const { finishedAtMs, worker, body, journal, progress, result } = message;
  return {
    ...{ id, queue, priority, failures, crashes, fence, enqueuedAtMs, dueAtMs },
    ...{ finishedAtMs, worker, body, journal, progress, result },
    state: stateOf(message, nowMs),
  };
}

/** Says what a worker gets of a message that it holds. */
export function deliveryOf(message: Message): Delivery {
  const { id, queue, priority, claim, fence, failures, crashes, crashedWorker } = message;
  const { enqueuedAtMs, expiresAtMs, journal, body } = message;
  return {
    ...{ id, queue, priority, claim, fence, failures, crashes, crashedWorker },
    ...{ enqueuedAtMs, expiresAtMs, journal, body },
    // Settlements find their message by its id: nothing else to hand back.
    token: "",
  };
}
