/** A broker that keeps everything in this process: for tests, and to hold other brokers against. */

import {
  type Broker,
  type BrokerStats,
  type CheckPage,
  type DeadPage,
  type ExchangeReply,
  type ExchangeRequest,
  EXCHANGING,
  type MessageRecord,
  type MessageRef,
  type PushMessage,
  type PushReply,
  type QueueStats,
} from "../broker/broker.ts";
import { resolveBounds } from "../broker/bounds.ts";
import type { DeadLetterBounds } from "../broker/dead_bounds.ts";
import { guardBatch, guardCount, guardExchange } from "../broker/guards.ts";
import type { Retention } from "../broker/retention.ts";
import type { Watch } from "../broker/wake.ts";
import { BrokerError } from "../errors.ts";
import { exchange } from "./memory/exchange.ts";
import { guardMessages } from "./memory/guards.ts";
import { finish, type Message, recordOf } from "./memory/message.ts";
import { Sleepers } from "./memory/sleepers.ts";
import { Store } from "./memory/store.ts";

/** Configures a memory broker. */
export interface MemoryBrokerOptions {
  /**
   * Replaces the system's clock: milliseconds since 1970. A test that moves it by hand decides what is
   * due and whose lease runs out.
   *
   * @default Date.now
   */
  readonly clock?: () => number;
  /** Bounds what is kept of messages that have ended. @default { count: 10_000, bytes: 4_194_304 } */
  readonly retention?: Partial<Retention>;
  /** Bounds the dead letters. @default { count: 100_000, bytes: 67_108_864 } */
  readonly deadLetters?: Partial<DeadLetterBounds>;
}

/**
 * Makes a broker that lives in this process and is gone with it; nothing is shared, nothing waits.
 *
 * It keeps the whole contract of a broker, and by a clock of the test's own it does the same each
 * time. The limit: each call looks at all messages, so it is for hundreds or thousands.
 *
 * ```ts
 * import { memoryBroker } from "@dabba/queue/testing";
 *
 * let now = Date.UTC(2030, 0, 1);
 * const broker = memoryBroker({ clock: () => now });
 * now += 60_000;
 * console.log((await broker.stats()).nowMs === now); // true
 * await broker.close();
 * ```
 *
 * @throws {TypeError} when the clock is no function.
 */
export function memoryBroker(options: MemoryBrokerOptions = {}): Broker {
  return new MemoryBroker(options);
}

type WithResult = MessageRef & { readonly result: string };
type Op = { readonly id: string; readonly retainMs: number };

/** Is the broker behind `memoryBroker()`. */
export class MemoryBroker implements Broker {
  /** Names the broker in texts. */
  readonly kind = "memory";
  /** How long an idle worker waits between two looks, in milliseconds. */
  readonly polling: { readonly minMs: number; readonly maxMs: number } = { minMs: 20, maxMs: 250 };
  readonly lingerMs = 0;
  readonly #clock: () => number;
  readonly #store: Store;
  readonly #sleepers: Sleepers = new Sleepers();
  #closed = false;

  /** Makes an empty one. */
  constructor({ clock = Date.now, retention, deadLetters }: MemoryBrokerOptions = {}) {
    if (typeof clock !== "function") {
      throw new TypeError("Cannot use clock: give a function of milliseconds since 1970");
    }
    this.#clock = clock;
    this.#store = new Store(resolveBounds({ retention, deadLetters }));
  }

  /** Stores messages, all or none; at most 1,000. */
  async push(messages: readonly PushMessage[]): Promise<PushReply[]> {
    guardMessages(messages);
    const nowMs = this.#now("enqueue");
    const replies = messages.map((message) => this.#store.push(message, nowMs));
    this.#sleepers.call(this.#store, nowMs);
    return await replies;
  }

  /** Settles, renews and claims. */
  async exchange(request: ExchangeRequest): Promise<ExchangeReply> {
    guardExchange(request);
    const reply = exchange(this.#store, request, this.#now(EXCHANGING));
    this.#sleepers.exchanged(this.#store, request, reply);
    return await reply;
  }

  /** Calls a worker when there is work, until `signal` aborts. */
  wake(watch: Watch): Promise<void> {
    return this.#sleepers.watch(watch);
  }

  /** Says when queues have work. */
  async probe(queues: readonly string[]): Promise<number | undefined> {
    this.#now("look for messages");
    return await this.#store.earliest(queues);
  }

  /** Reads messages for display; undefined for those that are unknown. At most 1,000. */
  async read(ids: readonly string[]): Promise<(MessageRecord | undefined)[]> {
    guardBatch("read", ids);
    const nowMs = this.#now("read");
    return await ids.map((id) => {
      const message = this.#store.find(id, nowMs);
      return message && recordOf(message, nowMs);
    });
  }

  /** Stops messages that are not final. At most 1,000. */
  async cancel(
    messages: readonly WithResult[],
    op: Op,
  ): Promise<("cancelled" | "not_found" | "final")[]> {
    guardBatch("cancel", messages);
    const nowMs = this.#now("cancel");
    return await messages.map((target) => {
      const message = this.#store.find(target.id, nowMs);
      if (message === undefined) return "not_found";
      return end(message, "live", { ...op, result: target.result, nowMs }) ? "cancelled" : "final";
    });
  }

  /** Lists dead letters, newest first; `after` is a page's `next`. */
  async dead(page: { readonly limit: number; readonly after?: string }): Promise<DeadPage> {
    const { limit, after = "" } = page;
    guardCount("list dead letters", "limit", limit, 1);
    if (!/^(\d{1,15}\.\d{1,15})?$/.test(after)) {
      throw new TypeError(`Cannot read "after": it must be the "next" of a page`);
    }
    const nowMs = this.#now("list dead letters");
    const all = this.#store.dead();
    const [finishedAtMs, turn] = after.split(".").map(Number);
    // Behind the place, not behind the letter: that one may be gone.
    const rest = after === "" ? all : all.filter((one) =>
      one.finishedAtMs < finishedAtMs! ||
      one.finishedAtMs === finishedAtMs && one.turn < turn!
    );
    const shown = rest.slice(0, limit);
    const last = shown.at(-1);
    return await {
      letters: shown.map((letter) => recordOf(letter, nowMs)),
      next: rest.length > limit ? `${last!.finishedAtMs}.${last!.turn}` : undefined,
      total: all.length,
    };
  }

  /** Sends dead letters round again, with fresh budgets. At most 1,000. */
  async redrive(letters: readonly MessageRef[], op: string): Promise<("redriven" | "not_dead")[]> {
    guardBatch("redrive", letters);
    const nowMs = this.#now("redrive");
    const answers = letters.map(({ id }) => {
      const message = this.#store.find(id, nowMs);
      // Redriven and dead again since: a request sent twice must not redrive it twice.
      if (message?.redrivenBy === op) return "redriven";
      if (message?.state !== "dead") return "not_dead";
      Object.assign(message, {
        ...{ state: "live", redrivenBy: op },
        ...{ failures: 0, crashes: 0, expiresAtMs: 0, finishedAtMs: 0 },
      });
      this.#store.putBack(message, nowMs);
      return "redriven";
    });
    this.#sleepers.call(this.#store, nowMs);
    return await answers;
  }

  /** Throws dead letters away; each reads as cancelled while its outcome is kept. At most 1,000. */
  async discard(
    letters: readonly WithResult[],
    op: Op,
  ): Promise<("discarded" | "not_dead")[]> {
    guardBatch("discard", letters);
    const nowMs = this.#now("discard");
    return await letters.map(({ id, result }) => {
      const message = this.#store.find(id, nowMs);
      return message && end(message, "dead", { ...op, result, nowMs }) ? "discarded" : "not_dead";
    });
  }

  /** Counts what the store holds. */
  async stats(): Promise<BrokerStats> {
    const nowMs = this.#now("count");
    const waiting = this.#store.waiting();
    const queues = [...new Set(waiting.map(({ queue }) => queue))].sort();
    return await {
      nowMs,
      queues: queues.map((queue) =>
        count(queue, waiting.filter((one) => one.queue === queue), nowMs)
      ),
      dead: this.#store.stock.count,
      deadBytes: this.#store.stock.bytes,
      deadLetters: this.#store.deadLetters,
    };
  }

  /** Looks at all messages. Each is one object with one state: there is nothing to find. */
  async check(_page: { readonly repair: boolean; readonly after?: string }): Promise<CheckPage> {
    this.#now("check the store");
    return await { findings: [], checked: this.#store.size, next: undefined };
  }

  /** Forgets everything; further calls fail. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#store.clear();
  }

  #now(operation: string): number {
    if (this.#closed) {
      throw new BrokerError(operation, "the broker is closed", { retryable: false });
    }
    return Math.floor(this.#clock());
  }
}

/** Ends a message by hand if it is in a state; says whether it was ended by this very operation. */
function end(
  message: Message,
  from: "live" | "dead",
  { id, ...outcome }: Op & { readonly result: string; readonly nowMs: number },
): boolean {
  if (message.state === from) {
    finish(message, "cancelled", outcome);
    message.cancelledBy = id;
  }
  return message.cancelledBy === id;
}

function count(queue: string, waiting: readonly Message[], nowMs: number): QueueStats {
  const ready = waiting.filter(({ dueAtMs }) => dueAtMs <= nowMs);
  return {
    queue,
    ready: ready.length,
    later: waiting.length - ready.length,
    oldestReadyAtMs: ready[0]?.dueAtMs,
  };
}
