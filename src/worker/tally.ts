/** The tally: counts what became of deliveries, and tells those who listen. */

import type { ExchangeReply } from "../broker/broker.ts";
import type { DeliveryEvent, Events } from "../events.ts";
import type { Ended } from "./settler.ts";
import type { Run } from "./run.ts";
import type { Verdict } from "./verdict.ts";

/** Counts what one run or drain did. */
export interface Summary {
  /** Messages claimed. */
  readonly claimed: number;
  /** Handlers that succeeded. */
  readonly succeeded: number;
  /** Attempts that failed and will be repeated. */
  readonly retried: number;
  /** Messages that went to the dead letters. */
  readonly dead: number;
  /** Messages that their handlers put off by a `DeferError`; no attempt was spent. */
  readonly deferred: number;
  /** Messages that the worker gave back, with no attempt spent: skipped, unknown, or stopped. */
  readonly handedBack: number;
  /** Messages that were not started in time. */
  readonly expired: number;
  /** Deliveries whose outcome was refused, since the message had been given to somebody else. */
  readonly lost: number;
}

const COUNTED = {
  ...{ succeeded: "succeeded", retried: "retried", dead: "dead", expired: "expired" },
  ...{ deferred: "deferred", unknownTask: "handedBack", skipped: "handedBack" },
  released: "handedBack",
} as const satisfies Record<Verdict["kind"], keyof Summary>;

/** Counts and tells; one per run or drain. */
export class Tally {
  readonly #events: Events;
  readonly #worker: string;
  readonly #counts = {
    claimed: 0,
    succeeded: 0,
    retried: 0,
    dead: 0,
    deferred: 0,
    handedBack: 0,
    expired: 0,
    lost: 0,
  };

  #released = 0;

  /** Makes it for a worker. */
  constructor(events: Events, worker: string) {
    this.#events = events;
    this.#worker = worker;
  }

  /** Gives the counts so far. */
  summary(): Summary {
    return { ...this.#counts };
  }

  /** How many messages were taken and not handed back for somebody else to run at once. */
  get kept(): number {
    return this.#counts.claimed - this.#released;
  }

  /** Counts messages taken. */
  claimed(count: number): void {
    this.#counts.claimed += count;
  }

  /** Counts a delivery that was given to somebody else. */
  lost(run: Run): void {
    this.#counts.lost++;
    this.#events.emit("leaseLost", this.#about(run));
  }

  /** Counts what became of the outcomes of a request, and tells of dead letters that it dropped. */
  answered(ended: readonly Ended[], { settled, dropped, nearlyFull }: ExchangeReply): void {
    ended.forEach((one, i) => settled[i] === "ok" ? this.#settled(one) : this.lost(one.run));
    if (dropped.length > 0) {
      this.#events.emit("deadDropped", { worker: this.#worker, ids: dropped });
    }
    if (nearlyFull) {
      this.#events.emit("deadNearlyFull", { worker: this.#worker, ...nearlyFull });
    }
  }

  #settled(ended: Ended): void {
    const { run, verdict } = ended;
    const { kind } = verdict;
    this.#counts[COUNTED[kind]]++;
    if (kind === "released") this.#released++;
    if (this.#events.has(kind)) this.#tell(ended, this.#about(run));
  }

  #tell({ run, verdict, endedAt }: Ended, about: DeliveryEvent): void {
    const durationMs = endedAt - run.attemptedAt;
    switch (verdict.kind) {
      case "succeeded":
        return this.#events.emit("succeeded", { ...about, durationMs });
      case "retried": {
        const { delayMs, error } = verdict;
        return this.#events.emit("retried", { ...about, durationMs, delayMs, error });
      }
      case "dead":
        return this.#events.emit("dead", { ...about, error: verdict.error });
      case "deferred":
        return this.#events.emit("deferred", { ...about, delayMs: verdict.delayMs });
      case "unknownTask":
        return this.#events.emit("unknownTask", { ...about, delayMs: verdict.delayMs });
      case "skipped":
        return this.#events.emit("skipped", { ...about, timeoutMs: verdict.timeoutMs });
      default:
        return this.#events.emit(verdict.kind, about);
    }
  }

  #about({ delivery, task }: Run): DeliveryEvent {
    const { id, queue, failures, fence } = delivery;
    return { id, task, queue, attempt: failures + 1, fence, worker: this.#worker };
  }
}
