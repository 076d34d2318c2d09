/** The ways to a store, and the tasks that go them: the same for every metric. */

import { Redis } from "ioredis";
import { z } from "zod";
import type { Broker } from "../../src/broker/broker.ts";
import { ioredisClient, redisBroker } from "../../src/broker/redis/mod.ts";
import { sqliteBroker } from "../../src/broker/sqlite/mod.ts";
import { defineTask } from "../../src/task.ts";

/** Says where messages lie, and how they get there. */
export type Way =
  | { readonly kind: "http"; readonly url: string; readonly token: string }
  | { readonly kind: "tcp"; readonly url: string }
  | { readonly kind: "sqlite"; readonly path: string };

/** Is a broker with what must be closed after it. */
export interface Opened extends AsyncDisposable {
  readonly broker: Broker;
}

/** Opens the way's broker, as the README tells users to. */
export function openWay(way: Way, namespace = "bench"): Opened {
  if (way.kind === "tcp") {
    const redis = new Redis(way.url);
    const broker = redisBroker({ client: ioredisClient(redis), namespace });
    return { broker, [Symbol.asyncDispose]: async () => void await redis.quit() };
  }
  const broker = way.kind === "http"
    ? redisBroker({ url: way.url, token: way.token, namespace })
    : sqliteBroker({ path: way.path });
  return { broker, [Symbol.asyncDispose]: () => broker.close() };
}

/** The payload of every message, here and of the peers. */
export const payload = (i: number): { i: number; email: string } => ({ i, email: "a@example.com" });

/** Checks the payload, as a user's schema does. */
export const payloadSchema: z.ZodType<{ i: number; email: string }> = z.object({
  i: z.number(),
  email: z.string(),
});

/** Says what a handler does. */
export type Work = "noop" | "cpu" | "io";

/** The contract of the task that is measured. */
export const send = defineTask("email.send", { input: payloadSchema });

/** Keeps the processor busy for a millisecond. */
function burn(): void {
  const endsAt = performance.now() + 1;
  while (performance.now() < endsAt);
}

/** Does the work of one message: nothing, a millisecond of computing, or 20 ms of waiting. */
export function doWork(work: Work): void | Promise<void> {
  if (work === "cpu") return burn();
  if (work === "io") return new Promise((resolve) => setTimeout(resolve, 20));
}

/** What BullMQ is asked for: as many attempts as Dabba's default; what has succeeded is not kept. */
export const BULLMQ_OPTIONS = {
  attempts: 4,
  backoff: { type: "exponential", delay: 60_000 },
  removeOnComplete: true,
} as const;
