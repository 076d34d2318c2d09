/** The starter: begins what was claimed, and brings its verdict to where it waits for a request. */

import type { Delivery } from "../broker/broker.ts";
import type { PumpDeps } from "./deps.ts";
import { Executor } from "./executor.ts";
import type { Stores } from "./flight.ts";
import type { Halt } from "./halt.ts";
import type { Limits } from "./limits.ts";
import type { WorkerSettings } from "./options.ts";
import { Run } from "./run.ts";
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

  /** Makes it for a pump. */
  constructor(deps: PumpDeps, settings: WorkerSettings, shared: Shared) {
    this.#deps = deps;
    this.#settings = settings;
    this.#shared = shared;
    const { tasks, events, clock, payloadLimit } = deps;
    const { solo } = shared.stores;
    this.#executor = new Executor(settings, { tasks, events, clock, payloadLimit, solo });
  }

  /** Begins a delivery that was asked for at `sentAt`, by the worker's clock. */
  start(delivery: Delivery, nowMs: number, sentAt: number): void {
    const { stores: { heartbeat }, limits, halt, ring } = this.#shared;
    const now = this.#deps.clock.now();
    const run = new Run(delivery, now, heartbeat.renewAt(sentAt), () => {
      heartbeat.talk(run, this.#deps.clock.now());
      ring();
    });
    heartbeat.add(run);
    // Past the lease this process has slept, and the message may be in other hands by now.
    const leftMs = limits.deadline - now;
    const tooLate = halt.called || leftMs <= 0 || now - sentAt > this.#settings.leaseMs;
    const verdict = this.#executor.execute(run, { nowMs, leftMs, tooLate });
    if (verdict instanceof Promise) verdict.then((late) => this.#end(run, late));
    else this.#end(run, verdict);
  }

  #end(run: Run, verdict: Verdict): void {
    const { stores: { heartbeat, settler }, ring, ended } = this.#shared;
    heartbeat.remove(run);
    ended();
    if (!run.lost) {
      run.settled = true;
      settler.add({ run, verdict, endedAt: this.#deps.clock.now() });
    }
    // Sleepers reckon with the first verdict that waits; more of them only matter when they are many.
    const { size } = settler;
    if (size <= 1 || heartbeat.size === 0 || size * 2 >= this.#settings.concurrency) ring();
  }
}
