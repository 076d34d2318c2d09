/** Receipts: what `enqueue` gives back once the store has the message. */

import type { ProducerBroker } from "./broker/producer_broker.ts";
import { type Duration, durationMs } from "./duration.ts";
import { MessageNotFoundError, ResultTimeoutError, TaskFailedError } from "./errors.ts";
import type { ProducerGround } from "./ground.ts";
import type { ErrorRecord } from "./message/journal.ts";
import { parse } from "./schema.ts";
import { isFinal, type MessageStatus, toStatus } from "./status.ts";
import type { TaskDefinition } from "./task.ts";

/** Says how long to wait for a result. */
export interface ResultOptions {
  /** The longest wait. @default "30s" */
  readonly timeout?: Duration;
  /** Ends the wait early, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Proves that the store has a message, and asks after it. */
export interface Receipt<Out = unknown> {
  /** The message's id; of the winner, when this one is a duplicate. */
  readonly id: string;
  /** The task's name. */
  readonly task: string;
  /** Whether this message was stored, or another one holds its id or its dedupe key. */
  readonly disposition: "enqueued" | "duplicate";
  /** Reads where the message stands. Throws `MessageNotFoundError` once it is forgotten. */
  status(): Promise<MessageStatus<Out>>;
  /**
   * Waits for the outcome and gives the output, parsed by the output schema.
   *
   * @throws {TaskFailedError} when it ended dead, cancelled or expired; `cause` is the handler's error.
   * @throws {ResultTimeoutError} when it is not final in time; the message itself goes on.
   * @throws {MessageNotFoundError} when its outcome has been dropped: its retention has ended, or the
   * store has reached the bounds of its retention; a minute is certain.
   */
  result(options?: ResultOptions): Promise<Out>;
}

/** Is where a message is, and who is told that its outcome is waited for. */
type Store = Pick<ProducerGround, "broker" | "awaited">;

/** The first and the longest wait between two looks at a message. */
const POLL_MS = { first: 50, most: 1_000 };

/** Makes the receipt of a message; `definition` gives the schema of its output. */
export function makeReceipt<Out>(
  ground: Store,
  definition: TaskDefinition,
  reply: { readonly id: string; readonly disposition: "enqueued" | "duplicate" },
): Receipt<Out> {
  const { id, disposition } = reply;
  // Taken here: what it stands on now is where its message is, also after a test.
  const { broker, awaited } = ground;
  return {
    id,
    disposition,
    task: definition.name,
    status: () => readStatus(broker, id) as Promise<MessageStatus<Out>>,
    result: (options) => {
      return awaitResult({ broker, awaited }, definition, id, options) as Promise<Out>;
    },
  };
}

/** Reads one message's status, or throws `MessageNotFoundError`. */
export async function readStatus(
  broker: ProducerBroker,
  id: string,
  aim?: "outcome",
): Promise<MessageStatus> {
  const [record] = await broker.read([id], aim);
  if (record === undefined) throw new MessageNotFoundError(id);
  return toStatus(record);
}

async function awaitResult(
  { broker, awaited }: Store,
  definition: TaskDefinition,
  id: string,
  { timeout = "30s", signal }: ResultOptions = {},
): Promise<unknown> {
  const timeoutMs = durationMs(timeout, "timeout");
  const deadline = performance.now() + timeoutMs;
  for (let wait = POLL_MS.first;; wait = Math.min(wait * 1.5, POLL_MS.most)) {
    signal?.throwIfAborted();
    const status = await readStatus(broker, id, "outcome");
    if (isFinal(status.state)) return outcome(definition, status);
    awaited?.(status);
    const left = deadline - performance.now();
    if (left <= 0) throw new ResultTimeoutError(id, timeoutMs);
    await sleep(Math.min(wait, left), signal);
  }
}

function outcome(definition: TaskDefinition, status: MessageStatus): unknown {
  const { id, task, state, attempts } = status;
  if (state === "succeeded") return readOutput(definition, status);
  const cause = status.error && rebuildError(status.error);
  throw new TaskFailedError(id, task, state as "dead" | "cancelled" | "expired", attempts, cause);
}

async function readOutput(
  { name, output: schema }: TaskDefinition,
  status: MessageStatus,
): Promise<unknown> {
  if (schema === undefined) return status.output;
  try {
    return await parse(schema, status.output, { task: name, side: "output" });
  } catch (error) {
    // Absent though its schema wants one: it was not retained (`retain: 0`).
    if (!("output" in status)) throw new MessageNotFoundError(status.id);
    throw error;
  }
}

/** Makes an error again of what was taken down of it. */
export function rebuildError(record: ErrorRecord): Error {
  const error = new Error(record.message);
  error.name = record.name;
  if (record.issues !== undefined) Object.assign(error, { issues: record.issues });
  if (record.stack !== undefined) error.stack = record.stack;
  return error;
}

/** Waits, or throws the signal's reason as soon as it aborts. */
function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    // It may have aborted while we looked, and would not tell a listener that comes late.
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
