/** What a test kit has seen enqueued. */

import type { Priority, PushMessage, PushReply } from "../broker/broker.ts";
import { decodeEnvelope } from "../message/envelope.ts";
import { MemoryBroker } from "./memory_broker.ts";

/** Is a message as it was enqueued, whatever has become of it. */
export interface Enqueued<In = unknown> {
  /** The message's id. */
  readonly id: string;
  /** The task's name. */
  readonly task: string;
  /** The input as it travels: a `Date` is text. */
  readonly input: In;
  /** The queue. */
  readonly queue: string;
  /** The lane of the queue. */
  readonly priority: Priority;
  /** When it was enqueued. */
  readonly enqueuedAt: Date;
  /** When it was due first. */
  readonly dueAt: Date;
  /** Its dedupe key, if it has one. */
  readonly dedupeKey?: string;
}

/** Is a memory broker that keeps a list of what it was given. */
export class RecordingBroker extends MemoryBroker {
  /** The messages it has taken, in order; duplicates are none. */
  readonly enqueued: Enqueued[] = [];
  /** Rare: whoever enqueues here wakes the workers, and a look a second would be all that days do. */
  override readonly polling: { readonly minMs: number; readonly maxMs: number } = {
    minMs: 3_600_000,
    maxMs: 86_400_000,
  };
  /** Grows with each call that changes something. */
  activity = 0;
  readonly #wall: () => number;

  /** Makes an empty one that goes by the clock. */
  constructor(wall: () => number) {
    super({ clock: wall });
    this.#wall = wall;
  }

  /** Stores messages, and lists them. */
  override async push(messages: readonly PushMessage[]): Promise<PushReply[]> {
    this.activity++;
    const nowMs = Math.floor(this.#wall());
    const replies = await super.push(messages);
    messages.forEach((message, i) => {
      if (replies[i]!.disposition === "enqueued") this.enqueued.push(toEnqueued(message, nowMs));
    });
    return replies;
  }

  /** Settles, renews and claims. */
  override exchange(
    request: Parameters<MemoryBroker["exchange"]>[0],
  ): ReturnType<MemoryBroker["exchange"]> {
    this.activity++;
    return super.exchange(request);
  }
}

function toEnqueued(message: PushMessage, nowMs: number): Enqueued {
  const { id, queue, priority, dueAtMs, delayMs, dedupe } = message;
  const { task, input } = decodeEnvelope(message.body);
  return {
    ...{ id, task, input: JSON.parse(input), queue, priority },
    enqueuedAt: new Date(nowMs),
    dueAt: new Date(Math.max(nowMs, dueAtMs ?? nowMs + delayMs)),
    // Stored behind the task's name, which keys of two tasks do not share.
    ...(dedupe ? { dedupeKey: dedupe.key.slice(task.length + 1) } : {}),
  };
}
