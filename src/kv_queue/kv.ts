/** What `openKv()` gives: Deno KV's queue, and as many named ones as are wanted. */

import type { Dabba } from "../dabba.ts";
import { checkName } from "../message/id.ts";
import type { KvKey } from "./key.ts";
import { KvQueue } from "./kv_queue.ts";
import { type Post, TASK } from "./post.ts";
import {
  type KvEntry,
  type KvEntryMaybe,
  type KvListOptions,
  type KvListSelector,
  Undelivered,
} from "./undelivered.ts";
import { noData } from "./unsupported.ts";

/**
 * Stands where a `Deno.Kv` stood, as far as its queues go.
 *
 * The limit: it holds no data. `get`, `list` and `delete` know the values that were not delivered, by
 * the keys of `keysIfUndelivered`; what writes data throws `KvUnsupportedError`.
 */
export class Kv extends KvQueue {
  /** The Dabba beneath: `inspect`, `status`, `redrive`, `on`, and workers for any queue. */
  readonly dabba: Dabba;
  readonly #post: Post;
  readonly #undelivered: Undelivered;

  /** Is made by `openKv()`. */
  constructor(post: Post) {
    super(post, "kv");
    this.#post = post;
    this.dabba = post.dabba;
    this.#undelivered = new Undelivered(post.dabba, TASK);
  }

  /** Gives a queue of its own name, apart from all others: `db.queue("mail").enqueue(…)`. */
  queue(name: string): KvQueue {
    return new KvQueue(this.#post, checkName(`kv.${checkName(name, "queue")}`, "queue"));
  }

  /**
   * Reads the value that was last left undelivered under a key of its `keysIfUndelivered`; `value` is
   * null when there is none. It looks through the dead letters, a request for each 25 of them.
   */
  get<T = unknown>(key: KvKey): Promise<KvEntryMaybe<T>> {
    return this.#undelivered.get<T>(key);
  }

  /** Lists undelivered values in the order of their keys: those below a prefix, or of a range. */
  list<T = unknown>(
    selector: KvListSelector,
    options: KvListOptions = {},
  ): AsyncIterableIterator<KvEntry<T>> {
    return this.#undelivered.list<T>(selector, options);
  }

  /**
   * Throws an undelivered value away. To have it delivered again instead:
   * `db.dabba.redrive({ id: entry.versionstamp })`.
   *
   * @throws {KvUnsupportedError} when the value is under other keys as well.
   */
  delete(key: KvKey): Promise<void> {
    return this.#undelivered.delete(key);
  }

  /** Throws `KvUnsupportedError`: there is no data. */
  set(..._entry: unknown[]): never {
    throw noData("set");
  }

  /** Throws `KvUnsupportedError`: there is no data. */
  getMany(..._keys: unknown[]): never {
    throw noData("getMany");
  }

  /** Throws `KvUnsupportedError`: there is no data. */
  watch(..._keys: unknown[]): never {
    throw noData("watch");
  }

  /**
   * Stops the listeners, whose promises resolve, and closes what `openKv()` has opened; a broker that
   * was given stays open. May be called twice.
   */
  close(): Promise<void> {
    return this.#post.close();
  }

  /** Begins to close, for `using`. */
  [Symbol.dispose](): void {
    // Nobody can hear what comes of it.
    this.close().catch(() => {});
  }

  /** Closes, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
