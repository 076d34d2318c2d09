/** A channel: sends one exchange after the other, each again and again until it is answered. */

import { type ExchangeReply, type ExchangeRequest, EXCHANGING } from "../broker/broker.ts";
import { BrokerError } from "../errors.ts";
import type { Events } from "../events.ts";
import { randomId } from "../message/id.ts";
import type { Allowance } from "./allowance.ts";
import type { Metered } from "./budget.ts";
import type { Clock } from "./clock.ts";

/** Is an exchange without what the channel adds to it. */
export type Load = Pick<
  ExchangeRequest,
  "settle" | "extend" | "claim" | "trim" | "sweep" | "sleeper"
>;

/** Says how long a channel goes on trying. */
export interface Patience {
  /** When to give up, by the worker's clock; Infinity for never. */
  until(): number;
  /** Aborts when the worker stops: waits are cut short then. */
  readonly stopping: AbortSignal;
}

const BACKOFF_MS = { first: 250, most: 5_000, stopping: 250 };
/** A worker looks once a minute, however long a store or a proxy wants to be left alone. */
const RETRY_AFTER_MS = 60_000;
const REPORT_MS = 10_000;

/** Says whether a failure may pass by itself. */
export function isOutage(error: unknown): error is BrokerError {
  return error instanceof BrokerError && error.retryable;
}

/** Tells of outages, at most once in ten seconds; shared by the channels of one worker. */
export class OutageReport {
  readonly #events: Events;
  readonly #worker: string;
  readonly #clock: Clock;
  #failures = 0;
  #reportedAt = -Infinity;
  #alarmedAt = -Infinity;
  #passedAt: number;
  #told = false;
  /** Is called when the store answers again, with when it answered last before. */
  onBack: (since: number) => void = () => {};

  /** Makes it for one worker. */
  constructor(events: Events, worker: string, clock: Clock) {
    this.#events = events;
    this.#worker = worker;
    this.#clock = clock;
    this.#passedAt = clock.now();
  }

  /** How many requests have failed since the last one that passed, on all channels together. */
  get failures(): number {
    return this.#failures;
  }

  /** Takes down a failure. */
  failed(error: BrokerError): void {
    this.#failures++;
    const now = this.#clock.now();
    if (error.unknown && now - this.#alarmedAt >= REPORT_MS) {
      this.#alarmedAt = now;
      this.#events.emit("alarm", { worker: this.#worker, error });
    }
    if (now - this.#reportedAt < REPORT_MS) return;
    this.#reportedAt = now;
    this.#told = true;
    this.#events.emit("outage", { worker: this.#worker, error, failures: this.#failures });
  }

  /** Takes down a success. */
  passed(): void {
    const failures = this.#failures;
    this.#failures = 0;
    const since = this.#passedAt;
    this.#passedAt = this.#clock.now();
    if (failures > 0) this.onBack(since);
    // An outage that nobody was told of is not told as over either: a store may come and go.
    if (!this.#told) return;
    this.#told = false;
    this.#events.emit("recovered", { worker: this.#worker, failures });
  }
}

/** Carries a worker's exchanges to the broker; one in the air at a time. */
export class Channel {
  readonly #broker: Metered;
  readonly #worker: { readonly name: string; readonly leaseMs: number };
  readonly #report: OutageReport;
  readonly #clock: Clock;
  readonly #allowance: Allowance;
  readonly #id = randomId();
  #seq = 0;

  /** Makes a channel of a worker. */
  constructor(
    broker: Metered,
    worker: { readonly name: string; readonly leaseMs: number },
    { report, clock, allowance }: {
      readonly report: OutageReport;
      readonly clock: Clock;
      readonly allowance: Allowance;
    },
  ) {
    this.#broker = broker;
    this.#worker = worker;
    this.#report = report;
    this.#clock = clock;
    this.#allowance = allowance;
  }

  /** Exchanges; throws what cannot be mended by trying again, or the last failure at the end. */
  exchange(load: Load, patience: Patience): Promise<ExchangeReply> {
    const { name, leaseMs } = this.#worker;
    // The number stays the same however often it is sent: the store answers a replay as it did.
    const request = { ...load, channel: this.#id, seq: ++this.#seq, worker: name, leaseMs };
    return this.#persist(() => this.#broker.exchange(request), patience);
  }

  /** Probes, as patiently as it exchanges. */
  probe(queues: readonly string[], patience: Patience): Promise<number | undefined> {
    return this.#persist(() => this.#broker.probe(queues), patience);
  }

  async #persist<T>(call: () => Promise<T>, patience: Patience): Promise<T> {
    for (;;) {
      if (!this.#allowance.spend()) throw outOfRequests();
      try {
        const reply = await this.#inTime(call(), patience);
        this.#report.passed();
        return reply;
      } catch (error) {
        if (!isOutage(error)) throw error;
        this.#report.failed(error);
        await this.#pause(patience, error);
      }
    }
  }

  // A worker that must end does not wait for a reply that may never come.
  #inTime<T>(call: Promise<T>, { until, stopping }: Patience): Promise<T> {
    return new Promise((resolve, reject) => {
      let cancel = () => {};
      const limit = () => {
        cancel();
        const left = until() - this.#clock.now();
        if (Number.isFinite(left)) cancel = this.#clock.timer(left, () => reject(outOfTime()));
      };
      const end = () => {
        cancel();
        stopping.removeEventListener("abort", limit);
      };
      limit();
      if (!stopping.aborted) stopping.addEventListener("abort", limit, { once: true });
      call.then(resolve, reject).finally(end);
    });
  }

  // Throws `error` when there is no time for another try.
  async #pause({ until, stopping }: Patience, error: BrokerError): Promise<void> {
    // By the failures of all channels: they have one store, and one patience with it.
    const doublings = Math.min(this.#report.failures, 10);
    const most = stopping.aborted
      ? BACKOFF_MS.stopping
      : Math.min(BACKOFF_MS.most, BACKOFF_MS.first * 2 ** doublings);
    // Never less than half: sixteen workers must not add up to a flood.
    const asked = Math.min(error.retryAfterMs, RETRY_AFTER_MS);
    const wait = asked + most * (0.5 + this.#clock.random() / 2);
    if (this.#clock.now() + wait > until()) throw error;
    await new Promise<void>((resolve) => {
      const rise = () => {
        cancel();
        stopping.removeEventListener("abort", rise);
        resolve();
      };
      const cancel = this.#clock.timer(wait, rise);
      if (!stopping.aborted) stopping.addEventListener("abort", rise, { once: true });
    });
  }
}

function outOfRequests(): BrokerError {
  const detail = "the drain may make no more requests; what it held comes back with its lease";
  return new BrokerError(EXCHANGING, detail, { retryable: true });
}

function outOfTime(): BrokerError {
  const detail = "no reply before the worker had to end; what it held comes back with its lease";
  return new BrokerError(EXCHANGING, detail, { retryable: true });
}
