/** A broker without tasks and workers around it: pushes, and exchanges that settle and claim. */

import type { Broker, Delivery, PushMessage } from "../../src/broker/broker.ts";
import { encodePlan } from "../../src/message/envelope.ts";
import { randomId } from "../../src/message/id.ts";
import { payload } from "./way.ts";

const AT_ONCE = 3;
const LEASE_MS = 3_600_000;

/** The plan of a task with the default options. */
export const PLAN: string = encodePlan({
  task: "email.send",
  backoff: [60_000, 300_000, 900_000],
  timeoutMs: 0,
  retainMs: 3_600_000,
  keepMs: 3_600_000,
  maxCrashes: 8,
});

function makeMessage(i: number, delayMs: number): PushMessage {
  const body = `${PLAN}\n${JSON.stringify(payload(i))}`;
  const line = { queue: "default", priority: "normal" as const };
  return { ...line, id: randomId(), nonce: "-", delayMs, expiresInMs: 0, body };
}

/** Says how many are pushed, how far ahead, and how many a request. */
export interface Pushed {
  readonly waiting: number;
  readonly delayMs: number;
  readonly batch?: number;
}

/** Pushes many, a few requests at once. */
export async function pushAll(
  broker: Broker,
  { waiting, delayMs, batch = 1_000 }: Pushed,
): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (next < waiting) {
      const from = next;
      next += batch;
      const length = Math.min(batch, waiting - from);
      await broker.push(Array.from({ length }, (_, i) => makeMessage(from + i, delayMs)));
    }
  }));
}

/** Makes a channel that settles what it claimed before, and claims as many; it gives how many. */
export function exchanger(broker: Broker, max: number): () => Promise<number> {
  const channel = randomId();
  let seq = 0;
  let held: readonly Delivery[] = [];
  return async () => {
    const settle = held.map(({ id, queue, priority, claim, token }) => ({
      ...{ id, queue, priority, claim, token },
      ...{ outcome: "succeeded" as const, retainMs: 0, result: "{}" },
    }));
    const claim = { queues: ["default"], max };
    const reply = await broker.exchange({
      ...{ channel, seq: ++seq, worker: "w", leaseMs: LEASE_MS, settle, extend: [] },
      ...{ claim, trim: 0, sweep: false },
    });
    held = reply.claimed;
    return held.length;
  };
}
