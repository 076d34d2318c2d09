/** The body that tells where a message stands: its status as JSON, without stacks. */

import type { MessageState, Priority } from "../broker/broker.ts";
import type { AttemptRecord, ErrorRecord } from "../message/journal.ts";
import type { BackoffPlan } from "../retry/backoff.ts";
import type { MessageStatus } from "../status.ts";

/** Tells where a message stands; instants are ISO 8601 text. */
export interface MessageBody {
  /** The message's id. */
  readonly id: string;
  /** The task's name. */
  readonly task: string;
  /** Where it stands. */
  readonly state: MessageState;
  /** How many attempts have begun that ended in success or failure, or are running. */
  readonly attempts: number;
  /** How many attempts there are in all; only while the message itself is kept, so not after success. */
  readonly maxAttempts?: number;
  /** The waits between its attempts, as stored in it; only while the message itself is kept. */
  readonly backoff?: BackoffPlan;
  /** How many times its worker vanished while it ran. */
  readonly crashes: number;
  /** Its queue. */
  readonly queue: string;
  /** Its lane. */
  readonly priority: Priority;
  /** When it was enqueued, by the store's clock. */
  readonly enqueuedAt: string;
  /** When it will be tried next; only while it is scheduled. */
  readonly nextAttemptAt?: string;
  /** When it became final; only then. */
  readonly finishedAt?: string;
  /** Who runs it or ran it last. */
  readonly worker?: string;
  /** How far its handler said it was; only while it runs. */
  readonly progress?: unknown;
  /** What its handler returned; only after success, and while it is retained. */
  readonly output?: unknown;
  /** The last failure, without its stack. */
  readonly error?: Omit<ErrorRecord, "stack">;
  /** The attempts that ended badly, oldest first; only the first and the last ten of many. */
  readonly history: readonly AttemptRecord[];
}

/** Makes the body: no stack, since whoever has the id may read it. */
export function messageBody(status: MessageStatus): MessageBody {
  const { enqueuedAt, nextAttemptAt, finishedAt, error, ...rest } = status;
  return {
    ...rest,
    enqueuedAt: enqueuedAt.toISOString(),
    ...(nextAttemptAt ? { nextAttemptAt: nextAttemptAt.toISOString() } : {}),
    ...(finishedAt ? { finishedAt: finishedAt.toISOString() } : {}),
    ...(error ? { error: withoutStack(error) } : {}),
  };
}

function withoutStack({ name, message, issues }: ErrorRecord): Omit<ErrorRecord, "stack"> {
  return { name, message, ...(issues ? { issues } : {}) };
}
