/** The post: brings values into messages, and messages to the handlers that listen. */

import { type BoundTask, collectTasks } from "../bound_tasks.ts";
import type { Broker } from "../broker/broker.ts";
import { Dabba, insideOf } from "../dabba.ts";
import type { EnqueueOptions } from "../enqueuer.ts";
import { BrokerError, DeferError } from "../errors.ts";
import type { Schema } from "../schema.ts";
import { defineTask, type TaskContext, type TaskDefinition } from "../task.ts";
import type { WorkerOptions } from "../worker/options.ts";
import { onStopSignal, raiseSignal } from "../worker/signals.ts";
import type { DrainOptions, DrainSummary, RunOptions } from "../worker/worker.ts";
import { checkEnqueue, type KvEnqueueOptions } from "./enqueue_options.ts";
import { pack, unpack } from "./value.ts";
import { Versionstamps } from "./versionstamp.ts";

/** The task of all messages. */
export const TASK = "kv.message";
/** How many values Deno KV hands out at once. */
const CONCURRENCY = 100;
/** How long a message waits that came to a worker whose handler has just gone. */
const NOBODY_DELAY = "5s";

/** Takes a value from a queue; besides it, what Dabba tells handlers, such as `signal` and `id`. */
export type KvHandler<T> = (value: T, ctx: TaskContext) => Promise<void> | void;

/** Says how a listener works: as a worker, of its one queue. */
export type KvListenOptions = Omit<WorkerOptions, "queues"> & RunOptions;

/** Says how a drain works: as a worker's, of its one queue. */
export type KvDrainOptions = Omit<WorkerOptions, "queues" | "budget"> & DrainOptions;

/** Is a value with all that is known of its way. */
export interface Letter {
  /** The message's id, and the versionstamp that its sender gets. */
  readonly id: string;
  readonly input: unknown;
  readonly options: EnqueueOptions;
}

/** Is what a post is made of. */
export interface PostOptions {
  readonly broker: Broker;
  /** Whether the broker is the post's own, to be closed with it. */
  readonly owned: boolean;
  readonly payloadLimit?: number;
  /** Hears what handlers throw. */
  readonly onError: (error: unknown) => void;
}

/** Delivers for one opened queue. */
export class Post {
  readonly dabba: Dabba;
  readonly #owned: boolean;
  readonly #onError: (error: unknown) => void;
  readonly #definition: TaskDefinition;
  readonly #task: BoundTask;
  readonly #stamps = new Versionstamps();
  readonly #handlers = new Map<string, KvHandler<unknown>[]>();
  readonly #listening = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();
  #turn = 0;

  /** Makes it; nothing is opened yet. */
  constructor({ broker, owned, payloadLimit, onError }: PostOptions) {
    this.#owned = owned;
    this.#onError = onError;
    const options = { input: PACKED, queue: "kv", retain: 0 };
    const message = defineTask(TASK, options, (packed, ctx) => this.#deliver(packed, ctx));
    const limit = payloadLimit === undefined ? {} : { payloadLimit };
    // `onError` hears of these, with the very error.
    const on = { retried() {}, dead() {} };
    const dabba = new Dabba({ broker, tasks: { message }, on, ...limit });
    this.dabba = dabba;
    this.#task = dabba.tasks.message;
    this.#definition = collectTasks({ message }).get(TASK)!;
  }

  /** Draws a versionstamp. */
  stamp(): string {
    return this.#stamps.next();
  }

  /** Writes a letter; throws `TypeError` for a value or an option that cannot be. */
  write(queue: string, value: unknown, options?: KvEnqueueOptions): Letter {
    const { delay, backoff, keys } = checkEnqueue(options);
    const id = this.stamp();
    return { id, input: pack({ value, keys }), options: { id, queue, delay, backoff } };
  }

  /** Stores a letter. */
  async send({ input, options }: Letter): Promise<void> {
    this.#checkOpen("enqueue");
    await this.#task.enqueue(input, options);
  }

  /** Stores letters, all or none. */
  async sendWhole(letters: readonly Letter[]): Promise<void> {
    this.#checkOpen("commit");
    if (letters.length === 0) return;
    const { enqueuer, ground } = insideOf(this.dabba);
    const options = letters.map((letter) => letter.options);
    const inputs = letters.map(({ input }) => input);
    // Not with others: what is too much for one request would be split.
    const messages = await enqueuer.prepare(this.#definition, inputs, { options });
    const replies = await ground.broker.push(messages);
    replies.forEach((reply, at) => enqueuer.tell(TASK, reply, messages[at]!));
  }

  /** Has a handler take the values of a queue until the signal aborts, or the post is closed. */
  async listen(
    queue: string,
    handler: KvHandler<unknown>,
    { signal, signals = true, ...options }: KvListenOptions,
  ): Promise<void> {
    const stop = new AbortController();
    const ends = [this.#closing.signal, stop.signal, ...signal ? [signal] : []];
    const settings = { concurrency: CONCURRENCY, ...options, signals: false, queues: [queue] };
    let signalled: string | undefined;
    await this.#employ(queue, handler, async () => {
      const worker = this.dabba.worker(settings);
      const silence = signals
        ? onStopSignal((name) => {
          signalled = name;
          stop.abort();
        })
        : () => {};
      try {
        await worker.run({ signal: AbortSignal.any(ends) });
      } finally {
        silence();
      }
    });
    // It was meant for the process, which Deno KV's listener would not have kept from ending.
    if (signalled !== undefined && this.#listening.size === 0) raiseSignal(signalled);
  }

  /** Has a handler take the values of a queue that are due. */
  async drain(
    queue: string,
    handler: KvHandler<unknown>,
    { budget, max, requests, signal, ...options }: KvDrainOptions,
  ): Promise<DrainSummary> {
    const settings = { concurrency: CONCURRENCY, ...options, queues: [queue] };
    const ends = AbortSignal.any([this.#closing.signal, ...signal ? [signal] : []]);
    const limits = {
      ...budget === undefined ? {} : { budget },
      ...max === undefined ? {} : { max },
      ...requests === undefined ? {} : { requests },
    };
    return await this.#employ(queue, handler, async () => {
      return await this.dabba.worker(settings).drain({ ...limits, signal: ends });
    });
  }

  /** Stops the listeners, waits for them, and closes the broker if it is the post's own. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#listening);
    if (this.#owned) await this.dabba.close();
  }

  async #employ<T>(
    queue: string,
    handler: KvHandler<unknown>,
    work: () => Promise<T>,
  ): Promise<T> {
    if (typeof handler !== "function") {
      throw new TypeError(`Cannot listen: the handler must be a function, not ${typeof handler}`);
    }
    this.#checkOpen("listen");
    const handlers = this.#handlers.get(queue) ?? [];
    this.#handlers.set(queue, [...handlers, handler]);
    const working = work();
    this.#listening.add(working);
    try {
      return await working;
    } finally {
      this.#listening.delete(working);
      const left = [...this.#handlers.get(queue) ?? []];
      left.splice(left.indexOf(handler), 1);
      this.#handlers.set(queue, left);
    }
  }

  async #deliver(packed: unknown, ctx: TaskContext): Promise<void> {
    const handlers = this.#handlers.get(ctx.queue) ?? [];
    // Of several that listen to one queue, each gets its share.
    const handler = handlers[this.#turn++ % handlers.length];
    if (handler === undefined) {
      throw new DeferError({ delay: NOBODY_DELAY, message: `Nobody listens to "${ctx.queue}"` });
    }
    try {
      await handler(unpack(packed).value, ctx);
    } catch (error) {
      // "Not now" is no failure.
      if (!(error instanceof DeferError)) this.#onError(error);
      throw error;
    }
  }

  #checkOpen(operation: string): void {
    if (!this.#closing.signal.aborted) return;
    const detail = "the queue is closed; open it again with openKv()";
    throw new BrokerError(operation, detail, { retryable: false });
  }
}

/** What `pack` gives is checked when it is unpacked. */
const PACKED: Schema = {
  "~standard": {
    version: 1,
    vendor: "dabba",
    validate: (value) =>
      Array.isArray(value) ? { value } : { issues: [{ message: "it is no packed value" }] },
  },
};
