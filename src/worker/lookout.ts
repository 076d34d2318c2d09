/** The lookout: decides when a worker looks for messages again. */

import type { ExchangeReply } from "../broker/broker.ts";
import type { Call } from "../broker/wake.ts";
import { randomId } from "../message/id.ts";
import type { Clock } from "./clock.ts";

/** How often the index that says which queues have work is checked against the queues themselves. */
const SWEEP_MS = 300_000;
/** The same for a worker that is called: it asks for little, and each line is a command. */
const CALLED_SWEEP_MS = 1_800_000;
/** How seldom a worker that is called looks for what it was not called for. */
const CALLED_MAX_MS = 180_000;
/** How long a worker that is called waits for the call of what its own process has enqueued. */
const NUDGE_MS = 50;
/** How often outcomes beyond the store's bounds are looked for, as they get old enough. */
const TRIM_MS = 5_000;

/**
 * A cron tick lives for one look. One in so many checks the index, a day's worth of ticks: it only
 * mends what a crash of the store may have broken, and costs some commands a queue.
 */
export const IDLE_TICKS_A_SWEEP = 1_440;

/** Says how often an idle worker looks in an hour: in the cheap way, and in full. */
export function idleLooks(
  { maxMs }: { readonly maxMs: number },
  called: boolean,
): { readonly probes: number; readonly sweeps: number } {
  const hourMs = 3_600_000;
  const sweeps = hourMs / (called ? CALLED_SWEEP_MS : SWEEP_MS);
  const everyMs = called ? Math.max(CALLED_MAX_MS, maxMs) : maxMs;
  return { probes: Math.max(0, hourMs / everyMs - sweeps), sweeps };
}

/** Knows when the next look is due; it only saves requests, and decides nothing about ownership. */
export class Lookout {
  readonly #clock: Clock;
  readonly #polling: { readonly minMs: number; readonly maxMs: number };
  #at = -Infinity;
  #idleMs: number;
  #sweptAt = -Infinity;
  #trimAt = Infinity;
  #tidyUntil = -Infinity;
  #storeAhead: number | undefined;
  #lastDueMs: number | undefined;
  #nudged = false;
  #backlog = false;
  #listening = false;
  #look = 0;
  #told = false;
  /** Is called when work has come without the call that it should have brought. */
  onMissed: () => void = () => {};
  /** Who is called. */
  readonly id: string = randomId();
  readonly #drain: boolean;
  readonly #budget: { waitMs(): number } | undefined;

  /**
   * Makes it for a way of polling; `drain` is for pumps that only look in now and then, a budget for
   * those that must look less often than that.
   */
  constructor(
    polling: { readonly minMs: number; readonly maxMs: number },
    { clock, drain, budget }: {
      readonly clock: Clock;
      readonly drain: boolean;
      readonly budget?: { waitMs(): number };
    },
  ) {
    this.#budget = budget;
    this.#polling = polling;
    this.#clock = clock;
    this.#drain = drain;
    this.#idleMs = polling.minMs;
    if (drain && clock.random() > 1 / IDLE_TICKS_A_SWEEP) this.#sweptAt = clock.now();
  }

  /** When the next look is due, by the worker's clock. */
  get at(): number {
    return this.#at;
  }

  /** Whether a cheap look may stand for a full one: after an empty one, or first in a drain. */
  get mayProbe(): boolean {
    if (this.#storeAhead === undefined) return this.#drain;
    return this.#idleMs > this.#polling.minMs;
  }

  /** Whether somebody here has enqueued since the last look left: it may have missed that. */
  get nudged(): boolean {
    return this.#nudged;
  }

  /** Whether the last look left something that was due. */
  get backlog(): boolean {
    return this.#backlog;
  }

  /** Takes down that a look leaves now. */
  leave(): void {
    this.#nudged = false;
  }

  /** Takes down whether calls come. Where they begin to, only a full look leaves word for them. */
  listen(on: boolean): void {
    if (this.#listening === on) return;
    this.#listening = on;
    this.#idleMs = this.#polling.minMs;
    if (on) return this.#now();
    this.#at = Math.min(this.#at, this.#clock.now() + this.#jittered(this.#polling.minMs));
  }

  /** Signs a full look that leaves now, so that what comes after it calls; undefined if none can. */
  sign(): string | undefined {
    return this.#listening ? `${this.id}.${++this.#look}` : undefined;
  }

  /** Takes a call. */
  called({ waitMs, look }: Call): void {
    // An older look's: the newer one has seen, or will see, what that call was about.
    if (look !== undefined && look !== this.#look) return;
    this.#told = true;
    if (look !== undefined) return this.#now();
    // For another: who should have come may be dead, so this one looks as if there were no calls.
    const { maxMs } = this.#polling;
    const wait = waitMs > 0 ? waitMs : this.#jittered(maxMs);
    this.#at = Math.min(this.#at, this.#clock.now() + wait);
  }

  /** Has the next look happen at once, or where a call should come, soon: somebody here enqueued. */
  nudge(): void {
    if (!this.#listening) return this.#now();
    this.#idleMs = this.#polling.minMs;
    this.#at = Math.min(this.#at, this.#clock.now() + NUDGE_MS);
  }

  #now(): void {
    this.#nudged = true;
    this.#at = -Infinity;
    this.#idleMs = this.#polling.minMs;
  }

  /** Says whether the next exchange is to check the index, or to tidy up, and takes it as done. */
  takeSweep(): boolean {
    const now = this.#clock.now();
    const sweepMs = this.#listening ? CALLED_SWEEP_MS : SWEEP_MS;
    if (now - this.#sweptAt < sweepMs && now < this.#trimAt) return false;
    this.#sweptAt = now;
    this.#trimAt = Infinity;
    return true;
  }

  /** Whether a look to tidy up would find nothing that is old enough. */
  get tidy(): boolean {
    return this.#clock.now() < this.#tidyUntil;
  }

  /** Takes down when there is more to tidy up: a backlog at once, what must age first at leisure. */
  #noteTrim({ nowMs, trimAtMs }: ExchangeReply): void {
    if (trimAtMs === undefined) return;
    this.#tidyUntil = this.#clock.now() + trimAtMs - nowMs;
    const wait = trimAtMs <= nowMs ? 0 : Math.max(TRIM_MS, trimAtMs - nowMs);
    this.#trimAt = this.#clock.now() + wait;
  }

  /** Takes a full look's answer; `asked` is how many messages it could have brought. */
  looked(reply: ExchangeReply, asked: number): void {
    const { nowMs, claimed, nextDueAtMs, left } = reply;
    this.#noteTrim(reply);
    const expected = (this.#lastDueMs ?? Infinity) <= nowMs || this.#idleMs === this.#polling.minMs;
    if (claimed.length > 0 && !expected) this.#miss();
    this.#told = false;
    this.#storeAhead = nowMs - this.#clock.now();
    if (claimed.length > 0) this.#idleMs = this.#polling.minMs;
    this.#lastDueMs = nextDueAtMs;
    // A claim may bring fewer than were asked for, to keep its reply small.
    this.#backlog = claimed.length > 0 && nextDueAtMs !== undefined && nextDueAtMs <= nowMs;
    if (claimed.length === asked || left || this.#backlog || this.#nudged) this.#at = -Infinity;
    else this.#rest(nextDueAtMs, claimed.length === 0);
  }

  /** Takes a probe's answer; says whether a full look is worth it now. */
  probed(dueAtMs: number | undefined): boolean {
    // Before the first full look the store's clock is not known, and no other one is trusted.
    const storeMs = this.#storeAhead === undefined
      ? Infinity
      : this.#storeAhead + this.#clock.now();
    // What comes earlier than all that was known is new, even where the store's clock has stepped.
    const fresh = (dueAtMs ?? Infinity) < (this.#lastDueMs ?? Infinity);
    this.#lastDueMs = dueAtMs;
    const due = dueAtMs !== undefined && (fresh || dueAtMs <= storeMs);
    if (due && fresh) this.#miss();
    this.#told = false;
    if (!due && !this.#nudged) this.#rest(dueAtMs, true);
    return due;
  }

  #miss(): void {
    if (this.#listening && !this.#told) this.onMissed();
  }

  // Workers that start together must not look together for ever.
  #jittered(ms: number): number {
    return ms * (0.75 + this.#clock.random() / 2);
  }

  #rest(dueAtMs: number | undefined, empty: boolean): void {
    const now = this.#clock.now();
    const { maxMs } = this.#polling;
    // Who is called begins where others end.
    const wait = this.#listening ? Math.max(this.#idleMs, maxMs) : this.#idleMs;
    const most = this.#listening ? Math.max(CALLED_MAX_MS, maxMs) : maxMs;
    const idle = Math.max(this.#jittered(wait), this.#budget?.waitMs() ?? 0);
    if (empty) this.#idleMs = Math.min(wait * 2, most);
    const due = dueAtMs === undefined ? Infinity : dueAtMs - (this.#storeAhead ?? 0) - now;
    // What is due already and was not given is not asked for again at once.
    this.#at = Math.min(now + (due <= 0 ? idle : Math.min(idle, due)), this.#trimAt);
  }
}
