/** The heartbeat: knows what runs here, and which leases are to be renewed when. */

import { type Extension, MAX_BATCH } from "../broker/broker.ts";
import { LeaseLostError } from "../errors.ts";
import type { Run } from "./run.ts";

/** How long progress may wait for others to travel with it, in milliseconds. */
const PROGRESS_MS = 250;

/** Keeps the leases of one worker. */
export class Heartbeat {
  readonly #everyMs: number;
  // In the order of `renewAt`: a renewed run goes to the end.
  readonly #runs = new Set<Run>();
  readonly #talking = new Set<Run>();
  #talkAt = Infinity;
  #hushed = false;
  #lastRenewAt = -Infinity;
  #mixed = false;

  /** Makes it for leases of `leaseMs`, which are renewed when a third of them has passed. */
  constructor(leaseMs: number) {
    this.#everyMs = leaseMs / 3;
  }

  /** How many messages are in this worker's hands. */
  get size(): number {
    return this.#runs.size;
  }

  /** What is in this worker's hands. */
  runs(): readonly Run[] {
    return [...this.#runs];
  }

  /** Tells when a lease taken at `now` is to be renewed. */
  renewAt(now: number): number {
    return now + this.#everyMs;
  }

  /** Takes a delivery into care. */
  add(run: Run): void {
    this.#runs.add(run);
    if (run.renewAt >= this.#lastRenewAt) this.#lastRenewAt = run.renewAt;
    // Its claim was long on the way: it must not wait behind leases that were renewed meanwhile.
    else this.#mixed = true;
  }

  // Once for all that one claim brought, not for each.
  #sort(): void {
    if (!this.#mixed) return;
    this.#mixed = false;
    const runs = [...this.#runs].sort((a, b) => a.renewAt - b.renewAt);
    this.#runs.clear();
    for (const run of runs) this.#runs.add(run);
  }

  /** Lets go of a delivery. */
  remove(run: Run): void {
    this.#runs.delete(run);
    this.#talking.delete(run);
  }

  /** Has a run's progress travel soon. */
  talk(run: Run, now: number): void {
    if (!this.#hushed) this.#travel(run, now + PROGRESS_MS);
  }

  /** Has progress travel with renewals only from now on. */
  hush(): void {
    this.#hushed = true;
  }

  /** Has a run's renewal travel with the next request, which leaves now. */
  urge(run: Run, now: number): void {
    this.#travel(run, now);
  }

  #travel(run: Run, at: number): void {
    if (!this.#runs.has(run)) return;
    this.#talking.add(run);
    this.#talkAt = Math.min(this.#talkAt, at);
  }

  /** Tells when the next renewal is due; Infinity when nothing runs. */
  nextAt(): number {
    this.#sort();
    const [first] = this.#runs;
    return Math.min(first?.renewAt ?? Infinity, this.#talkAt);
  }

  /** Takes the runs whose renewal is due, or all, for a request that is about to leave. */
  take(now: number, { all = false }: { readonly all?: boolean } = {}): Run[] {
    const due: Run[] = [];
    this.#sort();
    if (now >= this.#talkAt) {
      this.#talkAt = Infinity;
      for (const run of this.#talking) if (due.length < MAX_BATCH) due.push(run);
      this.#talking.clear();
    }
    for (const run of this.#runs) {
      if ((!all && run.renewAt > now) || due.length >= MAX_BATCH) break;
      if (!due.includes(run)) due.push(run);
    }
    for (const run of due) this.#postpone(run, now);
    return due;
  }

  #postpone(run: Run, now: number): void {
    run.renewAt = this.#lastRenewAt = this.renewAt(now);
    this.#runs.delete(run);
    this.#runs.add(run);
  }

  /** Takes the store's answers; the runs that were lost are aborted and given back. */
  answer(due: readonly Run[], replies: readonly ("ok" | "lease_lost")[]): Run[] {
    const lost: Run[] = [];
    due.forEach((run, i) => {
      if (replies[i] === "ok" || run.settled || run.lost) return;
      run.lost = true;
      this.remove(run);
      run.abort(new LeaseLostError(run.delivery.id, run.delivery.fence));
      lost.push(run);
    });
    return lost;
  }
}

/** Words a run's renewal for the store; its progress travels along, once. */
export function toExtension(run: Run): Extension {
  const { id, queue, priority, claim } = run.delivery;
  const progress = run.progress;
  run.progress = undefined;
  return {
    ...{ id, queue, priority, claim },
    ...(progress === undefined ? {} : { progress }),
    ...(run.begins || run.begun ? { begins: true } : {}),
  };
}
