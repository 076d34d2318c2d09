/**
 * A whole system in one process and in virtual time: producers and workers, the real code, on one
 * store; a network that loses, doubles and delays; processes that freeze, vanish and start; a store
 * whose clock steps and that is away for a while. All of it follows from one seed, and the auditor
 * looks at every step.
 */

import type { Broker } from "../../src/broker/broker.ts";
import type { Call, Watch } from "../../src/broker/wake.ts";
import { collectTasks, type TaskTree } from "../../src/bound_tasks.ts";
import { Dabba } from "../../src/dabba.ts";
import { DeferError } from "../../src/errors.ts";
import { Events } from "../../src/events.ts";
import { defineTask } from "../../src/task.ts";
import { memoryBroker } from "../../src/testing/mod.ts";
import { resolveWorker } from "../../src/worker/options.ts";
import { Worker } from "../../src/worker/worker.ts";
import { Random } from "../broker/contract/random.ts";
import { passing } from "../chaos/jobs.ts";
import { FakeClock, settle } from "../worker/fake_clock.ts";
import { away, FaultyBroker } from "../worker/faulty_broker.ts";
import { Auditor } from "./auditor.ts";
import { audited } from "./audited.ts";
import { Process } from "./process.ts";
import { sandbox } from "./sandbox.ts";

const LEASE_MS = 10_000;
const BACKOFF = [1_000, 5_000, 10_000];
const MESSAGES = 20;
const WORKERS = 3;
const MINUTE_MS = 60_000;
const MOST_MINUTES = 120;
/** A store that is full or away does not count against a message for ever. */
const MOST_CRASHES = 50;

/** Is what came of one seed. */
export interface Simulated {
  /** Operations of the store, each audited. */
  readonly steps: number;
  readonly starts: number;
  /** Messages that workers took ahead. */
  readonly ahead: number;
  /** Calls of workers, before they are lost or doubled. */
  readonly calls: number;
  readonly virtualMs: number;
  /** The same for the same run. */
  readonly fingerprint: string;
}

/** Plays one seed; throws what did not hold, with the last steps before it. */
export async function simulate(seed: number): Promise<Simulated> {
  const random = new Random(seed);
  const clock = new FakeClock();
  using _ = sandbox(clock, random);
  const world = new World(clock, random);
  await world.play();
  return world.outcome();
}

class World {
  readonly #clock: FakeClock;
  readonly #random: Random;
  readonly #auditor: Auditor;
  readonly #store: Broker;
  /** Whether most handlers end at once, and messages come in bursts: workers take them ahead then. */
  readonly #brisk: boolean;
  readonly #trace: string[] = [];
  readonly #workers: { readonly process: Process; readonly stop: AbortController }[] = [];
  #fingerprint = 2_166_136_261;
  #starts = 0;
  #calls = 0;
  #awayUntil = 0;
  #storeAheadMs = 0;
  #quiet = false;
  #names = 0;

  constructor(clock: FakeClock, random: Random) {
    this.#clock = clock;
    this.#random = random;
    this.#brisk = random.chance(50);
    const store = memoryBroker({ clock: () => clock.store() + this.#storeAheadMs });
    const caps = { attempts: BACKOFF.length + 1, crashes: MOST_CRASHES };
    this.#auditor = new Auditor(store, { caps, fail: (what) => this.#fail(what) });
    this.#store = audited(store, this.#auditor, (line) => this.#note(line));
  }

  outcome(): Simulated {
    const virtualMs = Math.round(this.#clock.now());
    const fingerprint = (this.#fingerprint >>> 0).toString(16);
    return {
      steps: this.#auditor.seen,
      starts: this.#starts,
      ahead: this.#auditor.ahead,
      calls: this.#calls,
      virtualMs,
      fingerprint,
    };
  }

  async play(): Promise<void> {
    for (let i = 0; i < WORKERS; i++) this.#startWorker();
    const producing = [this.#produce("a"), this.#produce("b")];
    for (let minute = 0; minute < MOST_MINUTES; minute++) {
      await this.#clock.advance(MINUTE_MS / 2);
      if (this.#auditor.ids().length === 2 * MESSAGES && this.#auditor.open().length === 0) break;
      // In the end nothing more goes wrong: what is left must be done.
      if (minute < MOST_MINUTES / 3) this.#disturb();
      else this.#quiet = true;
    }
    this.#quiet = true;
    await this.#clock.until(Promise.all(producing));
    await this.#clock.advance(10 * MINUTE_MS);
    const open = this.#auditor.open();
    if (open.length > 0) this.#fail(`after two hours ${open[0]} is not final`);
    for (const { stop } of this.#workers) stop.abort();
    await this.#clock.advance(MINUTE_MS);
    await settle();
  }

  #disturb(): void {
    const random = this.#random;
    const { process, stop } = random.pick(this.#workers);
    const what = random.weighted({ none: 4, vanish: 1, freeze: 2, stop: 1, away: 1, step: 1 });
    this.#note(`${what} ${process.name}`);
    switch (what) {
      case "vanish":
        process.vanish();
        return this.#startWorker();
      case "freeze":
        return process.freeze(random.between(1_000, 5 * LEASE_MS));
      case "stop":
        stop.abort();
        return this.#startWorker();
      case "away":
        this.#awayUntil = this.#clock.now() + random.between(1_000, 40_000);
        return;
      case "step":
        this.#storeAheadMs += random.between(-5_000, 20_000);
    }
  }

  #startWorker(): void {
    const process = new Process(`w${++this.#names}`, this.#clock, this.#random);
    const tasks: TaskTree = { work: this.#task(process) };
    const broker = this.#line(process);
    const options = { lease: LEASE_MS, concurrency: this.#random.between(1, 5), signals: false };
    const { lingerMs } = broker;
    const polling = { minMs: 500, maxMs: 5_000 };
    const defaults = { queues: ["default"], polling, lingerMs };
    const settings = resolveWorker({ ...options, name: process.name }, defaults);
    const definitions = collectTasks(tasks);
    const deps = {
      ...{ broker, tasks: definitions, events: new Events(), clock: process },
      payloadLimit: 262_144,
    };
    const stop = new AbortController();
    const run = new Worker(deps, settings, new Set()).run({ signal: stop.signal });
    run.catch((error) => this.#fail(`worker ${process.name} ended: ${error}`));
    this.#workers.push({ process, stop });
  }

  #task(process: Process) {
    const random = this.#random;
    return defineTask(
      "work",
      { input: passing<number>(), backoff: BACKOFF, timeout: "20s" },
      async (_, { id, fence, progress }) => {
        this.#starts++;
        this.#note(`start ${id} ${fence} ${process.name}`);
        this.#auditor.start(id, fence);
        if (random.chance(30)) progress({ fence });
        const ms = random.chance(10) ? MINUTE_MS : random.between(1, 12_000);
        await process.pause(random.chance(this.#brisk ? 95 : 30) ? 0 : ms);
        if (random.chance(20)) throw new Error("failed");
        if (random.chance(10)) throw new DeferError({ delay: "2s" });
      },
    );
  }

  /** Enqueues, again and again until the store has acknowledged; now and then it thinks better of it. */
  async #produce(name: string): Promise<void> {
    const process = new Process(name, this.#clock, this.#random);
    const task = defineTask("work", { input: passing<number>(), backoff: BACKOFF });
    const dabba = new Dabba({ broker: this.#line(process), tasks: { task } });
    const one = async (i: number) => {
      const id = `${name}${i}`;
      const delay = this.#random.chance(20) ? this.#random.between(0, 30_000) : 0;
      await this.#stubborn(process, () => {
        return dabba.tasks.task.enqueue(i, { id, delay, maxCrashes: MOST_CRASHES });
      });
      if (this.#random.chance(5)) await this.#stubborn(process, () => dabba.cancel(id));
    };
    const burst = this.#brisk ? MESSAGES / 2 : 1;
    for (let i = 0; i < MESSAGES; i += burst) {
      await Promise.all(Array.from({ length: burst }, (_, at) => one(i + at)));
      await process.pause(this.#random.between(0, 5_000));
    }
  }

  async #stubborn(process: Process, act: () => Promise<unknown>): Promise<void> {
    for (;;) {
      try {
        await act();
        return;
      } catch {
        await process.pause(500);
      }
    }
  }

  /** The way of one process to the store. */
  #line(process: Process): Broker {
    const random = this.#random;
    const broker = new FaultyBroker(this.#store);
    const hurt = async (operation: string) => {
      if (this.#quiet) return;
      if (random.chance(20)) await process.pause(random.between(1, 3_000));
      if (random.chance(1)) await process.pause(2 * LEASE_MS);
      if (this.#clock.now() < this.#awayUntil || random.chance(7)) throw away(operation);
    };
    broker.before = ({ operation }) => hurt(operation);
    broker.after = ({ operation }) => hurt(operation);
    broker.twice = () => !this.#quiet && random.chance(5);
    broker.around = (run) => process.gate(run());
    broker.watching = (watch) => this.#wire(process, watch);
    return broker;
  }

  /** The way of calls to a process: some get lost, doubled or late; it ends, or dies without a word. */
  #wire(process: Process, watch: Watch): Watch {
    const random = this.#random;
    const cut = new AbortController();
    let dead = false;
    process.timer(random.between(5_000, 3 * MINUTE_MS), () => {
      if (random.chance(50)) dead = true;
      else cut.abort();
    });
    const call = (told: Call) => {
      const times = random.weighted({ 0: 2, 1: 7, 2: 1 });
      if (dead || watch.signal.aborted) return;
      this.#calls++;
      for (let i = 0; i < Number(times); i++) {
        process.timer(random.between(0, 2_000), () => watch.onCall(told));
      }
    };
    return { ...watch, signal: AbortSignal.any([watch.signal, cut.signal]), onCall: call };
  }

  #note(line: string): void {
    const told = `${Math.round(this.#clock.now())} ${line}`;
    this.#trace.push(told);
    if (this.#trace.length > 30) this.#trace.shift();
    // FNV-1a.
    for (let i = 0; i < told.length; i++) {
      this.#fingerprint = Math.imul(this.#fingerprint ^ told.charCodeAt(i), 16_777_619);
    }
  }

  #fail(what: string): never {
    const steps = this.#trace.map((line) => line.slice(0, 300)).join("\n  ");
    throw new Error(`${what}; the last steps:\n  ${steps}`);
  }
}
