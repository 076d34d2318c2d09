/** Settles, renews, claims and trims, in this order. */

import {
  type Delivery,
  type ExchangeReply,
  type ExchangeRequest,
  type Extension,
  PRIORITIES,
  type Settlement,
  SUSPECT_CRASHES,
} from "../../broker/broker.ts";
import { isNearlyFull } from "../../broker/dead_bounds.ts";
import { after, deliveryOf, finish, type Message } from "./message.ts";
import type { Store } from "./store.ts";

type Answer = "ok" | "lease_lost";

/** Does one exchange; it cannot fail half-way. */
export function exchange(store: Store, request: ExchangeRequest, nowMs: number): ExchangeReply {
  const remembered = request.claim || request.settle.length > 0 || request.trim > 0;
  const slot = remembered ? store.slots.get(request.channel) : undefined;
  const again = slot?.seq === request.seq;
  // A request that has come again is answered what it was answered, and drops nothing anew.
  const anew = slot === undefined || slot.seq < request.seq;
  const dropping = store.drop(anew ? request.trim : 0, nowMs);
  const wasNear = isNearlyFull(store.stock, store.deadLetters);
  const now = settleAll(store, request.settle, nowMs);
  // Others may have had the message since: what counted once is answered as it was.
  const settled = again && slot.settled.length === now.length ? slot.settled : now;
  const untilMs = after(nowMs, request.leaseMs);
  const extended = request.extend.map((one) => extend(store, one, untilMs));
  const { claimed, left } = request.claim
    ? claim(store, { ...request, claim: request.claim }, nowMs)
    : { claimed: [], left: false };
  const fills = !wasNear && isNearlyFull(store.stock, store.deadLetters);
  const told = again ? slot.told : { ...dropping, nearlyFull: fills ? store.stock : undefined };
  if (remembered && !(slot && request.seq < slot.seq)) {
    // Also when nothing was taken: sent again, the request must not take what came since.
    const ids = again ? slot.ids : claimed.map(({ id }) => id);
    const noted = { seq: request.seq, ids, left: again ? slot.left : left, settled, told };
    store.slots.set(request.channel, { ...noted, usedAtMs: nowMs });
  }
  // Last: a replay in this request still finds the slot that it may be about to trim.
  const forgetAtMs = request.trim > 0 ? store.trim(request.trim, nowMs) : undefined;
  const { dropped, nearlyFull, dropAtMs } = told;
  const trimAtMs = earliest(forgetAtMs, dropAtMs);
  const nextDueAtMs = request.claim && store.earliest(request.claim.queues);
  return { nowMs, settled, extended, claimed, nextDueAtMs, left, trimAtMs, dropped, nearlyFull };
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  const least = Math.min(a ?? Infinity, b ?? Infinity);
  return least === Infinity ? undefined : least;
}

function settleAll(store: Store, settlements: readonly Settlement[], nowMs: number): Answer[] {
  const answers = new Map<string, Answer>();
  return settlements.map((settlement) => {
    // A message twice in one request: only the first entry counts.
    const answer = answers.get(settlement.id) ?? settle(store, settlement, nowMs);
    answers.set(settlement.id, answer);
    return answer;
  });
}

function settle(store: Store, settlement: Settlement, nowMs: number): Answer {
  const message = store.held(settlement);
  if (message === undefined) {
    // Sent again: what counted once is answered as it was.
    const settledUnder = store.find(settlement.id, nowMs)?.settledUnder;
    return settledUnder === settlement.claim ? "ok" : "lease_lost";
  }
  message.settledUnder = settlement.claim;
  message.claim = "";
  message.parked = false;
  switch (settlement.outcome) {
    case "succeeded":
    case "expired":
      finish(message, settlement.outcome, { ...settlement, nowMs });
      break;
    case "dead":
      message.state = "dead";
      message.journal = settlement.journal;
      message.finishedAtMs = nowMs;
      message.turn = store.nextTurn();
      if (settlement.failed) message.failures++;
      break;
    case "retry":
      message.journal = settlement.journal;
      message.failures++;
      store.putBack(message, after(nowMs, settlement.delayMs));
      break;
    case "defer":
      store.putBack(message, after(nowMs, settlement.delayMs));
  }
  return "ok";
}

function extend(store: Store, extension: Extension, untilMs: number): Answer {
  const message = store.held(extension);
  if (message === undefined) return "lease_lost";
  store.place(message, untilMs);
  if (extension.begins) message.parked = false;
  if (extension.progress !== undefined) message.progress = extension.progress;
  return "ok";
}

type Claiming = ExchangeRequest & { readonly claim: NonNullable<ExchangeRequest["claim"]> };

type Claimed = { readonly claimed: readonly Delivery[]; readonly left: boolean };

function claim(store: Store, request: Claiming, nowMs: number): Claimed {
  const { channel, seq } = request;
  const slot = store.slots.get(channel);
  // A late request: its caller has long awaited the reply to a newer one.
  if (slot && seq < slot.seq) return { claimed: [], left: false };
  const mine = `${channel}.${seq}`;
  if (slot?.seq === seq) {
    const same = slot.ids.flatMap((id) => store.held({ id, claim: mine }) ?? []);
    return { claimed: same.map(deliveryOf), left: slot.left };
  }
  const { max, begins = max } = request.claim;
  const found = choose(store, request.claim, nowMs);
  const claimed: Delivery[] = [];
  for (const message of found) {
    const waits = claimed.length >= begins;
    // It may have begun when its worker vanished, unknown to all: the next time must be known.
    if (waits && (message.claim !== "" || message.crashes > 0)) continue;
    take(store, message, { request, nowMs, waits });
    claimed.push(deliveryOf(message));
  }
  return { claimed, left: claimed.length < found.length };
}

/** Finds what is to be handed over: queue by queue, lane by lane, what is due first first. */
function choose(store: Store, { queues, max }: Claiming["claim"], nowMs: number): Message[] {
  const due = store.waiting().filter(({ dueAtMs }) => dueAtMs <= nowMs);
  return [...new Set(queues)].flatMap((queue) =>
    PRIORITIES.flatMap((priority) =>
      due.filter((message) => message.queue === queue && message.priority === priority)
    )
  ).slice(0, max);
}

function take(
  store: Store,
  message: Message,
  { request, nowMs, waits }: {
    readonly request: Claiming;
    readonly nowMs: number;
    readonly waits: boolean;
  },
): void {
  // Due and still held: the lease ran out before its holder settled. Of a parked one nobody knows that
  // it had begun.
  const crashed = message.claim !== "" && !message.parked;
  message.crashedWorker = crashed ? message.worker : "";
  if (crashed) message.crashes++;
  message.parked = waits || message.crashes >= SUSPECT_CRASHES;
  message.fence++;
  message.claim = `${request.channel}.${request.seq}`;
  message.worker = request.worker;
  store.place(message, after(nowMs, request.leaseMs));
}
