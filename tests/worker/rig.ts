/** A rig: a store in memory, tasks, workers, one clock for all, and a record of what happened. */

import { sqliteBroker } from "@dabba/queue/sqlite";
import { type BoundTree, collectTasks, type TaskTree } from "../../src/bound_tasks.ts";
import type { Broker } from "../../src/broker/broker.ts";
import type { DeadLetterBounds } from "../../src/broker/dead_bounds.ts";
import { Dabba } from "../../src/dabba.ts";
import { type DabbaEvents, Events } from "../../src/events.ts";
import { resolveWorker, type WorkerOptions } from "../../src/worker/options.ts";
import type { Summary } from "../../src/worker/tally.ts";
import { Worker } from "../../src/worker/worker.ts";
import { FakeClock } from "./fake_clock.ts";
import { FaultyBroker } from "./faulty_broker.ts";

/** Is one event, as it was told. */
export type Happened = {
  [K in keyof DabbaEvents]: { readonly name: K; readonly event: DabbaEvents[K] };
}[keyof DabbaEvents];

const NAMES: readonly (keyof DabbaEvents)[] = [
  ...["listening", "deaf"] as const,
  ...["started", "succeeded", "retried", "deferred", "released", "dead", "expired"] as const,
  ...["leaseLost", "unknownTask", "skipped", "outage", "alarm", "recovered"] as const,
  ...["deadDropped", "deadNearlyFull", "repaired"] as const,
];

/** Is a worker at work. */
export interface Running {
  /** Ends when it has stopped. */
  readonly done: Promise<Summary>;
  /** Tells it to stop. */
  abort(): void;
  /** Tells it to stop, and moves the clock until it has. */
  stop(): Promise<Summary>;
}

/** Says how a rig differs from the usual one. */
export interface RigOptions {
  /** How often its store is looked at. @default every 20 ms, up to every 250 ms */
  readonly polling?: { readonly minMs: number; readonly maxMs: number };
  /** Opens its store. @default SQLite */
  readonly open?: (options: { readonly clock: () => number }) => Broker;
  /** How many dead letters its store keeps. @default the broker's */
  readonly deadLetters?: Partial<DeadLetterBounds>;
}

/** Holds all that a worker's test needs, on a fake clock. */
export class Rig<T extends TaskTree> {
  readonly clock: FakeClock = new FakeClock();
  readonly broker: FaultyBroker;
  readonly dabba: Dabba<T>;
  readonly events: Events = new Events();
  /** What the workers told, in order. */
  readonly happened: Happened[] = [];
  readonly #tasks: T;

  constructor(tasks: T, { polling, deadLetters, open }: RigOptions = {}) {
    this.#tasks = tasks;
    const clock = this.clock.store;
    const store = open?.({ clock }) ?? sqliteBroker({ path: ":memory:", clock, deadLetters });
    this.broker = new FaultyBroker(store, polling);
    this.dabba = new Dabba({ broker: this.broker, tasks });
    for (const name of NAMES) {
      this.events.on(name, (event) => void this.happened.push({ name, event } as Happened));
    }
  }

  get tasks(): BoundTree<T> {
    return this.dabba.tasks;
  }

  /** The names of the events so far, as `succeeded` or, of one message, `succeeded m1`. */
  names(id?: string): string[] {
    const told = this.happened.filter(({ event }) => !id || (event as { id?: string }).id === id);
    return told.map(({ name }) => name);
  }

  /** The events of one name. */
  all<K extends keyof DabbaEvents>(name: K): DabbaEvents[K][] {
    return this.happened.filter((one) => one.name === name).map((one) => one.event) as never;
  }

  /** Resolves at the next event of a name. */
  next<K extends keyof DabbaEvents>(name: K): Promise<DabbaEvents[K]> {
    return new Promise((resolve) => {
      const off = this.events.on(name, (event) => {
        off();
        resolve(event);
      });
    });
  }

  /** Moves the clock until there have been so many events of a name, and gives the last of them. */
  async until<K extends keyof DabbaEvents>(name: K, count = 1): Promise<DabbaEvents[K]> {
    while (this.all(name).length < count) await this.clock.until(this.next(name));
    return this.all(name)[count - 1]!;
  }

  /**
   * Makes a worker on the rig's clock: of other tasks, as another release has them, or with a way to
   * the store of its own.
   */
  worker(
    options: WorkerOptions = {},
    tasks: TaskTree = this.#tasks,
    broker: Broker = this.broker,
  ): Worker {
    const definitions = collectTasks(tasks);
    const queues = [...new Set([...definitions.values()].map(({ settings }) => settings.queue))];
    const { polling, lingerMs } = broker;
    const settings = resolveWorker({ signals: false, ...options }, { queues, polling, lingerMs });
    const { clock, events } = this;
    const deps = { broker, tasks: definitions, events, clock, payloadLimit: 262_144 };
    return new Worker(deps, settings, new Set());
  }

  /** Starts a worker. */
  run(options: WorkerOptions = {}, tasks?: TaskTree, broker?: Broker): Running {
    const controller = new AbortController();
    const done = this.worker(options, tasks, broker).run({ signal: controller.signal });
    // A test that expects a failure awaits it; until then it is not unhandled.
    done.catch(() => {});
    return {
      done,
      abort: () => controller.abort(),
      stop: () => {
        controller.abort();
        return this.clock.until(done);
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dabba.close();
  }
}
