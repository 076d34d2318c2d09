/** Several enqueues that are stored all or none. */

import { MAX_BATCH } from "../broker/broker.ts";
import type { KvEnqueueOptions } from "./enqueue_options.ts";
import type { KvCommitResult } from "./kv_queue.ts";
import type { Letter, Post } from "./post.ts";
import { noData } from "./unsupported.ts";

/**
 * Gathers enqueues: `db.atomic().enqueue(a).enqueue(b).commit()`.
 *
 * The limit: it holds enqueues only. Deno KV's checks and writes are refused, since a queue has no data
 * that they could be atomic with.
 */
export class AtomicOperation {
  readonly #post: Post;
  readonly #queue: string;
  readonly #letters: Letter[] = [];

  /** Is made by `atomic()`. */
  constructor(post: Post, queue: string) {
    this.#post = post;
    this.#queue = queue;
  }

  /** Adds a value; throws `TypeError` as `KvQueue.enqueue()` does. */
  enqueue(value: unknown, options?: KvEnqueueOptions): this {
    if (this.#letters.length === MAX_BATCH) {
      throw new TypeError(
        `Cannot enqueue more than ${MAX_BATCH} values in one operation: commit it, begin another`,
      );
    }
    this.#letters.push(this.#post.write(this.#queue, value, options));
    return this;
  }

  /** Stores all of them in one request, or none; gives the last one's versionstamp. */
  async commit(): Promise<KvCommitResult> {
    await this.#post.sendWhole(this.#letters);
    return { ok: true, versionstamp: this.#letters.at(-1)?.id ?? this.#post.stamp() };
  }

  /** Throws `KvUnsupportedError`: there is no data to check. */
  check(..._checks: unknown[]): never {
    throw noData("check in an atomic operation");
  }

  /** Throws `KvUnsupportedError`: there is no data to write. */
  mutate(..._mutations: unknown[]): never {
    throw noData("mutate in an atomic operation");
  }

  /** Throws `KvUnsupportedError`: there is no data to write. */
  set(..._entry: unknown[]): never {
    throw noData("set in an atomic operation");
  }

  /** Throws `KvUnsupportedError`: there is no data to delete. */
  delete(..._key: unknown[]): never {
    throw noData("delete in an atomic operation");
  }

  /** Throws `KvUnsupportedError`: there is no data to add to. */
  sum(..._entry: unknown[]): never {
    throw noData("sum in an atomic operation");
  }

  /** Throws `KvUnsupportedError`: there is no data to compare. */
  min(..._entry: unknown[]): never {
    throw noData("min in an atomic operation");
  }

  /** Throws `KvUnsupportedError`: there is no data to compare. */
  max(..._entry: unknown[]): never {
    throw noData("max in an atomic operation");
  }
}
