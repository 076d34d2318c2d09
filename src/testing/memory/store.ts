/** All that a memory broker holds, and the questions that its operations ask. */

import type { ExchangeReply, PushMessage, PushReply } from "../../broker/broker.ts";
import type { Bounds } from "../../broker/bounds.ts";
import { type DeadLetterBounds, type DeadStock, isWithin } from "../../broker/dead_bounds.ts";
import { LEAST_RETAIN_MS, type Retention } from "../../broker/retention.ts";
import { after, isExpired, type Message, newMessage } from "./message.ts";

/** Is what was dropped of the dead letters, and when there is more to drop. */
export interface Dropping {
  readonly dropped: readonly string[];
  readonly dropAtMs?: number;
}

/** Is what a channel asked last. */
export interface Slot {
  readonly seq: number;
  /** What it got, in order. */
  readonly ids: readonly string[];
  /** Whether something was left. */
  readonly left: boolean;
  /** What its settlements were answered, in order. */
  readonly settled: readonly ("ok" | "lease_lost")[];
  /** What it was told of the dead letters. */
  readonly told: Dropping & Pick<ExchangeReply, "nearlyFull">;
  readonly usedAtMs: number;
}

/** How long after its last use a channel's slot is kept. */
const SLOT_MS = 60 * 60_000;

/** Holds messages, keys and slots; looks through all of them, which is plain, and quick when few. */
export class Store {
  readonly #retention: Retention;
  /** How many dead letters are kept. */
  readonly deadLetters: DeadLetterBounds;
  readonly #messages = new Map<string, Message>();
  readonly #keys = new Map<string, { readonly id: string; readonly untilMs: number }>();
  /** The last request of each channel. */
  readonly slots: Map<string, Slot> = new Map<string, Slot>();
  #turns = 0;
  #came: Message[] = [];

  /** Makes an empty one. */
  constructor({ retention, deadLetters }: Bounds) {
    this.#retention = retention;
    this.deadLetters = deadLetters;
  }

  /** Finds a message; undefined for one that is not known, or no longer. */
  find(id: string, nowMs: number): Message | undefined {
    const message = this.#messages.get(id);
    return message && message.forgetAtMs > nowMs ? message : undefined;
  }

  /** Finds a message that is held under a claim. */
  held({ id, claim }: { readonly id: string; readonly claim: string }): Message | undefined {
    const message = this.#messages.get(id);
    return claim !== "" && message?.claim === claim ? message : undefined;
  }

  /** Lists what stands in the lines, in the order in which it is due. */
  waiting(): Message[] {
    return this.#inState("live").sort((a, b) => a.dueAtMs - b.dueAtMs || a.turn - b.turn);
  }

  /** Lists the dead letters, newest first. */
  dead(): Message[] {
    return this.#inState("dead").sort((a, b) => b.finishedAtMs - a.finishedAtMs || b.turn - a.turn);
  }

  /** Counts the dead letters, and the bytes of their bodies and journals. */
  get stock(): DeadStock {
    const letters = this.#inState("dead");
    return { count: letters.length, bytes: letters.reduce((sum, one) => sum + weightOf(one), 0) };
  }

  /** Drops the oldest letters beyond the bounds, so many at most; says when there is more to drop. */
  drop(most: number, nowMs: number): Dropping {
    const dropped: string[] = [];
    if (most === 0) return { dropped };
    for (const { id, finishedAtMs } of this.dead().reverse().slice(0, most)) {
      if (isWithin(this.stock, this.deadLetters)) break;
      const oldAtMs = finishedAtMs + LEAST_RETAIN_MS;
      if (oldAtMs > nowMs) return { dropped, dropAtMs: oldAtMs };
      this.#messages.delete(id);
      dropped.push(id);
    }
    return isWithin(this.stock, this.deadLetters) ? { dropped } : { dropped, dropAtMs: nowMs };
  }

  /** How many messages there are, whatever became of them. */
  get size(): number {
    return this.#messages.size;
  }

  /** Puts a message into its line, behind those that are due at the same instant. */
  place(message: Message, dueAtMs: number): void {
    message.dueAtMs = dueAtMs;
    message.turn = this.nextTurn();
  }

  /** Puts a message back into its line, for whoever comes. */
  putBack(message: Message, dueAtMs: number): void {
    this.place(message, dueAtMs);
    this.#came.push(message);
  }

  /** Gives what has come to the lines since this was asked last, whoever may have taken it by now. */
  takeCame(): Message[] {
    return this.#came.splice(0);
  }

  /** Counts arrivals. */
  nextTurn(): number {
    return ++this.#turns;
  }

  /** Stores a message, unless its id or its key is taken. */
  push(pushed: PushMessage, nowMs: number): PushReply {
    const { id, nonce, dedupe } = pushed;
    const first = this.find(id, nowMs);
    if (first) return { id, disposition: first.nonce === nonce ? "enqueued" : "duplicate" };
    if (dedupe) {
      const winner = this.#holder(dedupe.key, nowMs);
      if (winner) return { id: winner.id, disposition: "duplicate" };
      this.#keys.set(dedupe.key, { id, untilMs: after(nowMs, dedupe.ttlMs) });
    }
    // Deleted first: one that is pushed again after it was forgotten is a new one.
    this.#messages.delete(id);
    const message = newMessage(pushed, nowMs, this.nextTurn());
    this.#messages.set(id, message);
    this.#came.push(message);
    return { id, disposition: "enqueued" };
  }

  /** Says when queues have work; undefined when they hold nothing. */
  earliest(queues: readonly string[]): number | undefined {
    return this.waiting().find(({ queue }) => queues.includes(queue))?.dueAtMs;
  }

  /**
   * Forgets outcomes, keys and slots past their time: so many of each, the oldest first. Then outcomes
   * beyond the bounds; says when there will be more of them.
   */
  trim(most: number, nowMs: number): number | undefined {
    const ended = [...this.#messages.values()].filter(({ forgetAtMs }) => forgetAtMs < Infinity);
    ended.sort((a, b) => a.forgetAtMs - b.forgetAtMs || a.turn - b.turn);
    const past = ended.filter(({ forgetAtMs }) => forgetAtMs <= nowMs).slice(0, most);
    for (const { id } of past) this.#messages.delete(id);
    this.#trimRest(most, nowMs);
    return past.length === most
      ? nowMs
      : this.#trimBeyond(ended.slice(past.length), most - past.length, nowMs);
  }

  #trimBeyond(ended: readonly Message[], most: number, nowMs: number): number | undefined {
    const { count, bytes } = this.#retention;
    let kept = ended.length;
    let size = ended.reduce((sum, { result }) => sum + byteLength(result), 0);
    const isOld = ({ finishedAtMs }: Message) => finishedAtMs + LEAST_RETAIN_MS <= nowMs;
    for (const { id, result } of ended.filter(isOld).slice(0, most)) {
      if (kept <= count && size <= bytes) return undefined;
      this.#messages.delete(id);
      kept--;
      size -= byteLength(result);
    }
    if (kept <= count && size <= bytes) return undefined;
    if (ended.length - kept === most) return nowMs;
    const young = ended.filter((one) => !isOld(one)).map(({ finishedAtMs }) => finishedAtMs);
    return Math.min(...young) + LEAST_RETAIN_MS;
  }

  #trimRest(most: number, nowMs: number): void {
    const keys = [...this.#keys].filter(([, { untilMs }]) => untilMs <= nowMs);
    keys.sort(([, a], [, b]) => a.untilMs - b.untilMs);
    for (const [key] of keys.slice(0, most)) this.#keys.delete(key);
    const slots = [...this.slots].filter(([, { usedAtMs }]) => usedAtMs + SLOT_MS <= nowMs);
    slots.sort(([, a], [, b]) => a.usedAtMs - b.usedAtMs);
    for (const [channel] of slots.slice(0, most)) this.slots.delete(channel);
  }

  /** Forgets everything. */
  clear(): void {
    this.#messages.clear();
    this.#keys.clear();
    this.slots.clear();
  }

  #inState(state: Message["state"]): Message[] {
    return [...this.#messages.values()].filter((message) => message.state === state);
  }

  // One that died, expired, was cancelled or forgotten holds its key no more.
  #holder(key: string, nowMs: number): Message | undefined {
    const entry = this.#keys.get(key);
    if (!entry || entry.untilMs <= nowMs) return undefined;
    const winner = this.find(entry.id, nowMs);
    if (winner?.state === "live" && isExpired(winner, nowMs)) return undefined;
    return winner?.state === "live" || winner?.state === "succeeded" ? winner : undefined;
  }
}

function weightOf({ body, journal }: Message): number {
  return byteLength(body) + byteLength(journal);
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
