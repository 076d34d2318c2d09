/** Fills a store with messages in all states, in two lines. */

import type { Broker, Delivery, PushMessage, Settlement } from "../../../src/broker/broker.ts";
import {
  bury,
  message,
  newChannel,
  renewal,
  retry,
  succeed,
  target,
} from "../contract/messages.ts";

/** The states, which are what ids begin with; those from `leased` on have been in line `w`. */
export const STATES = [
  ...["ready", "scheduled", "keyed", "cancelled"],
  ...["leased", "retried", "dead", "succeeded"],
] as const;

/** Is a state of a furnished message. */
export type State = typeof STATES[number];

const WORKED: readonly State[] = ["leased", "retried", "dead", "succeeded"];
const HOUR_MS = 3_600_000;
const BATCH = 1_000;

/** Names the messages of a state. */
export function idsOf(state: State, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${state}${i}`);
}

/** Adds so many messages of each state. */
export async function furnish(broker: Broker, count: number): Promise<void> {
  const all = STATES.flatMap((state) => idsOf(state, count).map((id) => waiting(state, id)));
  for (let at = 0; at < all.length; at += BATCH) await broker.push(all.slice(at, at + BATCH));
  const op = { id: "op", retainMs: HOUR_MS };
  for (let at = 0; at < count; at += BATCH) {
    await broker.cancel(
      idsOf("cancelled", count).slice(at, at + BATCH).map((id) => target(id)),
      op,
    );
  }
  const channel = newChannel();
  let claimed: readonly Delivery[] = [];
  for (let seq = 1; seq === 1 || claimed.length > 0; seq++) {
    ({ claimed } = await broker.exchange({
      ...{ channel, seq, worker: "worker", leaseMs: HOUR_MS, trim: 0, sweep: false },
      settle: claimed.flatMap(settlement),
      extend: claimed.filter(({ id }) => id.startsWith("leased")).map((one) => renewal(one, "1")),
      claim: { queues: ["w"], max: 500 },
    }));
  }
}

function waiting(state: State, id: string): PushMessage {
  return message({
    id,
    queue: WORKED.includes(state) ? "w" : "q",
    delayMs: state === "scheduled" ? HOUR_MS : 0,
    body: `body of ${id}`,
    ...(state === "keyed" ? { dedupe: { key: `key of ${id}`, ttlMs: HOUR_MS } } : {}),
  });
}

function settlement(delivery: Delivery): Settlement[] {
  switch (delivery.id.replace(/\d+$/, "")) {
    case "retried":
      return [retry(delivery, { delayMs: HOUR_MS, journal: "journal" })];
    case "dead":
      return [bury(delivery, { journal: "journal" })];
    case "succeeded":
      return [succeed(delivery, { retainMs: HOUR_MS, result: "result" })];
    default:
      return [];
  }
}
