/** Undelivered values: dead letters, read by the keys that their messages name. */

import type { MessageRecord } from "../broker/broker.ts";
import { type Dabba, insideOf } from "../dabba.ts";
import { decodeEnvelope } from "../message/envelope.ts";
import { checkKey, checkParts, compareKeys, isBelow, type KvKey } from "./key.ts";
import { KvUnsupportedError } from "./unsupported.ts";
import { type Parcel, unpack } from "./value.ts";

/** Is a value under its key. */
export interface KvEntry<T = unknown> {
  /** The key. */
  readonly key: KvKey;
  /** The value. */
  readonly value: T;
  /** Names the message, as its enqueue did. */
  readonly versionstamp: string;
}

/** Is a value under its key, or the news that there is none. */
export type KvEntryMaybe<T = unknown> = KvEntry<T> | {
  /** The key. */
  readonly key: KvKey;
  /** None. */
  readonly value: null;
  /** None. */
  readonly versionstamp: null;
};

/** Says which keys to list: those below a prefix, from a start, before an end. */
export interface KvListSelector {
  /** Only keys that begin with these parts, and go on. */
  readonly prefix?: KvKey;
  /** Only this key and those behind it. */
  readonly start?: KvKey;
  /** Only keys before this one. */
  readonly end?: KvKey;
}

/** Says how to list. */
export interface KvListOptions {
  /** The most entries. @default all */
  readonly limit?: number;
  /** From the last key to the first. @default false */
  readonly reverse?: boolean;
}

interface Letter extends Parcel {
  readonly id: string;
}

/** A page holds whole values, of up to 256 KiB each: this many go through a slow line in time. */
const PAGE = 25;

/** Reads the dead letters of a task. */
export class Undelivered {
  readonly #dabba: Dabba;
  readonly #task: string;

  /** Makes it for a task. */
  constructor(dabba: Dabba, task: string) {
    this.#dabba = dabba;
    this.#task = task;
  }

  /** Finds the value that was last undelivered under a key. */
  async get<T>(key: KvKey): Promise<KvEntryMaybe<T>> {
    checkKey(key);
    for await (const { id, value, keys } of this.#letters()) {
      const found = keys.some((one) => compareKeys(one, key) === 0);
      if (found) return { key, value: value as T, versionstamp: id };
    }
    return { key, value: null, versionstamp: null };
  }

  /** Lists values by key, each key once. */
  async *list<T>(selector: KvListSelector, options: KvListOptions): AsyncGenerator<KvEntry<T>> {
    const { prefix = [], start, end } = selector;
    checkParts(prefix, "prefix");
    const { limit = Infinity, reverse = false } = options;
    if (!(limit >= 1)) throw new TypeError(`Cannot list ${limit} entries: limit must be from 1`);
    const entries: KvEntry<T>[] = [];
    for await (const { id, value, keys } of this.#letters()) {
      for (const key of keys) {
        const chosen = (prefix.length === 0 || isBelow(key, prefix)) &&
          (start === undefined || compareKeys(key, start) >= 0) &&
          (end === undefined || compareKeys(key, end) < 0);
        if (chosen) entries.push({ key, value: value as T, versionstamp: id });
      }
    }
    // The newest of a key comes first, here and after sorting: it was written over the others.
    entries.sort((a, b) => compareKeys(a.key, b.key));
    const last = entries.filter((entry, i) => {
      return i === 0 || compareKeys(entries[i - 1]!.key, entry.key) !== 0;
    });
    yield* (reverse ? last.toReversed() : last).slice(0, limit);
  }

  /** Throws away what is under a key. */
  async delete(key: KvKey): Promise<void> {
    checkKey(key);
    const ids: string[] = [];
    for await (const { id, keys } of this.#letters()) {
      if (!keys.some((one) => compareKeys(one, key) === 0)) continue;
      if (keys.length > 1) {
        throw new KvUnsupportedError(
          "delete",
          `the value of message "${id}" is under ${keys.length} keys, and would go from all of them; ` +
            "if it may, use db.dabba.discard({ id })",
        );
      }
      ids.push(id);
    }
    if (ids.length > 0) await this.#dabba.discard({ ids });
  }

  async *#letters(): AsyncGenerator<Letter> {
    let after: string | undefined;
    do {
      const { broker } = insideOf(this.#dabba).ground;
      const page = await broker.dead({ limit: PAGE, ...(after === undefined ? {} : { after }) });
      for (const letter of page.letters) {
        const parcel = this.#open(letter);
        if (parcel && parcel.keys.length > 0) yield { id: letter.id, ...parcel };
      }
      after = page.next;
    } while (after !== undefined);
  }

  #open({ body }: MessageRecord): Parcel | undefined {
    try {
      const { task, input } = decodeEnvelope(body);
      return task === this.#task ? unpack(JSON.parse(input)) : undefined;
    } catch {
      // One that cannot be read must not hide the others; `dabba.inspect.dead()` shows it.
      return undefined;
    }
  }
}
