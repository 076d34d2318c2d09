/** One named queue, with the methods that Deno KV has for its only one. */

import type { DrainSummary } from "../worker/worker.ts";
import { AtomicOperation } from "./atomic_operation.ts";
import type { KvEnqueueOptions } from "./enqueue_options.ts";
import type { KvDrainOptions, KvHandler, KvListenOptions, Post } from "./post.ts";

/** Says that a value is in the store. */
export interface KvCommitResult {
  /** Always true: what cannot be stored throws. */
  readonly ok: true;
  /** Hexadecimal digits that grow, and are the message's id: `db.dabba.status(versionstamp)`. */
  readonly versionstamp: string;
}

/**
 * Is a named queue: `db.queue("mail")`.
 *
 * At-least-once: a value whose `enqueue` has resolved reaches a handler until one returns, or its
 * retries are used up. The limit: a handler may get it again after a crash.
 */
export class KvQueue {
  /** Its name, as workers and `dabba.inspect.stats()` have it. */
  readonly name: string;
  readonly #post: Post;

  /** Is made by `openKv()` and `Kv.queue()`. */
  constructor(post: Post, name: string) {
    this.#post = post;
    this.name = name;
  }

  /**
   * Stores a value, any that can be cloned (Map, Set, Date, BigInt, Uint8Array, …), for a listener.
   *
   * @throws {TypeError} when the value cannot be cloned, or an option cannot be.
   * @throws {PayloadTooLargeError} when it is too large, by default over 256 KiB as JSON.
   * @throws {BrokerError} when the store cannot be reached, or is closed.
   */
  async enqueue(value: unknown, options?: KvEnqueueOptions): Promise<KvCommitResult> {
    const letter = this.#post.write(this.name, value, options);
    await this.#post.send(letter);
    return { ok: true, versionstamp: letter.id };
  }

  /**
   * Hands the queue's values to a handler, until the queue is closed, the signal aborts or the process
   * is told to stop; then handlers have the grace to end. A handler that throws gets its value again,
   * by the message's schedule. Of several listeners of one queue, each gets a share.
   *
   * @throws {BrokerError} when the store refuses for good, or is closed.
   */
  // deno-lint-ignore no-explicit-any -- as in Deno, where handlers may leave their value untyped
  listenQueue<T = any>(handler: KvHandler<T>, options: KvListenOptions = {}): Promise<void> {
    return this.#post.listen(this.name, handler as KvHandler<unknown>, options);
  }

  /** Hands out what is due, then resolves: for cron ticks, where no process stays. */
  // deno-lint-ignore no-explicit-any -- as in Deno, where handlers may leave their value untyped
  drainQueue<T = any>(handler: KvHandler<T>, options: KvDrainOptions = {}): Promise<DrainSummary> {
    return this.#post.drain(this.name, handler as KvHandler<unknown>, options);
  }

  /** Begins an operation of several enqueues that are stored all or none. */
  atomic(): AtomicOperation {
    return new AtomicOperation(this.#post, this.name);
  }
}
