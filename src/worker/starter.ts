/** The starter: begins what was claimed, and brings its verdict to where it waits for a request. */

import type { ExchangeReply } from "../broker/broker.ts";
import type { PumpDeps } from "./deps.ts";
import { Executor } from "./executor.ts";
import type { Stores } from "./flight.ts";
import type { Halt } from "./halt.ts";
import type { Limits } from "./limits.ts";
import type { WorkerSettings } from "./options.ts";
import { Run } from "./run.ts";
import type { Waiting } from "./stock.ts";
import type { Verdict } from "./verdict.ts";

/** Is what a starter shares with its pump. */
export interface Shared {
  /** Where runs and verdicts are kept. */
  readonly stores: Stores;
  /** When all must end. */
  readonly limits: Limits;
  /** Whether it has been told to end. */
  readonly halt: Halt;
  /** Is called when loops that sleep have something to do. */
  ring(): void;
  /** Is called when a run has ended. */
  ended(): void;
}

/** Begins deliveries; one per pump. */
export class Starter {
  readonly #deps: PumpDeps;
  readonly #settings: WorkerSettings;
  readonly #shared: Shared;
  readonly #executor: Executor;
  readonly #talk: (run: Run) => void;
  #running = 0;
  #filling = false;

  /** Makes it for a pump. */
  constructor(deps: PumpDeps, settings: WorkerSettings, shared: Shared) {
    this.#deps = deps;
    this.#settings = settings;
    this.#shared = shared;
    const { tasks, events, clock, payloadLimit } = deps;
    const { solo } = shared.stores;
    this.#executor = new Executor(settings, { tasks, events, clock, payloadLimit, solo });
    this.#talk = (run) => {
      shared.stores.heartbeat.talk(run, clock.now());
      shared.ring();
    };
  }

  /** Takes what came of a look that was sent at `sentAt`, and begins what there are permits for. */
  take({ claimed, nowMs }: ExchangeReply, sentAt: number): void {
    const { heartbeat, stock } = this.#shared.stores;
    const now = this.#deps.clock.now();
    const look = { nowMs, sentAt };
    for (const delivery of claimed) {
      const run = new Run(delivery, now, heartbeat.renewAt(sentAt), this.#talk);
      heartbeat.add(run);
      stock.add({ run, look });
    }
    this.#fill();
  }

  /** Hands back what waits, where it would wait for long. */
  review(): void {
    const { stores: { stock, solo }, halt } = this.#shared;
    const now = this.#deps.clock.now();
    if (stock.size === 0 || !(halt.called || solo.taken || stock.staleAt <= now)) return;
    stock.stalled(now);
    for (let one = stock.take(); one; one = stock.take()) this.#begin(one, true);
  }

  // Where handlers end at once this goes round, instead of deeper and deeper.
  #fill(): void {
    if (this.#filling) return;
    this.#filling = true;
    const { stock } = this.#shared.stores;
    while (this.#running < this.#settings.concurrency) {
      const one = stock.take();
      if (one === undefined) break;
      this.#begin(one, false);
    }
    this.#filling = false;
  }

  #begin({ run, look: { nowMs, sentAt } }: Waiting, back: boolean): void {
    const { limits, halt } = this.#shared;
    const now = run.attemptedAt = this.#deps.clock.now();
    // Past the lease this process has slept, and the message may be in other hands by now.
    const leftMs = limits.deadline - now;
    const tooLate = back || halt.called || leftMs <= 0 || now - sentAt > this.#settings.leaseMs;
    this.#running++;
    const verdict = this.#executor.execute(run, { nowMs, leftMs, tooLate });
    if (verdict instanceof Promise) verdict.then((late) => this.#end(run, late));
    else this.#end(run, verdict);
  }

  #end(run: Run, verdict: Verdict): void {
    const { stores: { heartbeat, settler, stock }, ring, ended } = this.#shared;
    this.#running--;
    run.end();
    heartbeat.remove(run);
    ended();
    if (!run.lost) {
      const endedAt = this.#deps.clock.now();
      settler.add({ run, verdict, endedAt });
      stock.ended(endedAt - run.claimedAt);
    }
    this.#fill();
    // Sleepers reckon with the first verdict that waits; more of them only matter when they are many.
    const { size } = settler;
    if (size <= 1 || heartbeat.size === 0 || size * 2 >= stock.room) ring();
  }
}
