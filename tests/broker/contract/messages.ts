/** Messages, settlements and renewals of which a test gives only what matters. */

import type {
  Delivery,
  Extension,
  MessageRef,
  PushMessage,
  Settlement,
} from "../../../src/broker/broker.ts";

/** Draws the name of a channel. */
export function newChannel(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

/** Fills in a message. */
export function message(fields: string | Partial<PushMessage>): PushMessage {
  return {
    id: "m",
    nonce: "-",
    queue: "q",
    priority: "normal",
    delayMs: 0,
    expiresInMs: 0,
    body: "body",
    ...(typeof fields === "string" ? { id: fields } : fields),
  };
}

/** Names a message of queue `q`, lane normal, with a result to leave behind. */
export function target(id = "m", result = ""): MessageRef & { readonly result: string } {
  return { id, queue: "q", priority: "normal", result };
}

type Outcome<Name> = Extract<Settlement, { readonly outcome: Name }>;

function held({ id, queue, priority, claim, token }: Delivery) {
  return { id, queue, priority, claim, token };
}

export function succeed(
  delivery: Delivery,
  fields: { readonly retainMs?: number; readonly result?: string } = {},
): Outcome<"succeeded" | "expired"> {
  return { ...held(delivery), outcome: "succeeded", retainMs: 0, result: "", ...fields };
}

export function expire(
  delivery: Delivery,
  fields: { readonly retainMs?: number; readonly result?: string } = {},
): Outcome<"succeeded" | "expired"> {
  return { ...succeed(delivery, fields), outcome: "expired" };
}

export function bury(
  delivery: Delivery,
  fields: { readonly journal?: string; readonly failed?: boolean } = {},
): Outcome<"dead"> {
  return { ...held(delivery), outcome: "dead", journal: "", failed: true, ...fields };
}

export function retry(
  delivery: Delivery,
  fields: { readonly delayMs?: number; readonly journal?: string } = {},
): Outcome<"retry"> {
  return { ...held(delivery), outcome: "retry", delayMs: 0, journal: "", ...fields };
}

export function defer(delivery: Delivery, fields: { readonly delayMs?: number } = {}): Outcome<
  "defer"
> {
  return { ...held(delivery), outcome: "defer", delayMs: 0, ...fields };
}

export function renewal(delivery: Delivery, progress?: string): Extension {
  const { id, queue, priority, claim } = delivery;
  return { id, queue, priority, claim, ...(progress === undefined ? {} : { progress }) };
}

/** Gives the ids of deliveries or records, in their order. */
export function idsOf(entries: readonly { readonly id: string }[]): string[] {
  return entries.map(({ id }) => id);
}
