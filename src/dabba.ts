/** Dabba itself: tasks, a broker, and what can be done with them. */

import { bindTasks, type BoundTree, type TaskTree } from "./bound_tasks.ts";
import type { Broker, BrokerStats, Diagnosis } from "./broker/broker.ts";
import { type CheckOptions, type CheckReport, checkStore } from "./check_report.ts";
import {
  type DeadLetterChoice,
  type DeadLetterPage,
  type DeadLetterQuery,
  discardDead,
  listDead,
  redriveDead,
} from "./dead_letters.ts";
import { defaultBroker } from "./default_broker.ts";
import { examineStore } from "./doctor_report.ts";
import type { Enqueuer } from "./enqueuer.ts";
import { checkEvents } from "./event_names.ts";
import type { DabbaEvents, Events, Listener, Listeners } from "./events.ts";
import { explain, EXPLAIN_OPTIONS, type ExplainOptions, type Explanation } from "./explain.ts";
import type { Ground } from "./ground.ts";
import { Kick, type KickOptions } from "./kick.ts";
import { checkKnown, type Known } from "./known_options.ts";
import { partsOf, Producer, type ProducerParts } from "./producer/producer.ts";
import type { TaskDefinition } from "./task.ts";
import { UnheardEvents } from "./unheard.ts";
import { systemClock } from "./worker/clock.ts";
import {
  resolveWorker,
  WORKER_OPTIONS,
  type WorkerOptions,
  type WorkerSettings,
} from "./worker/options.ts";
import type { Pump } from "./worker/pump.ts";
import { Worker } from "./worker/worker.ts";

/** Says what a `Dabba` is made of. */
export interface DabbaOptions<T extends TaskTree> {
  /** The tasks: of `defineTask`, or instances of classes with `@task` methods, or groups of tasks. */
  readonly tasks: T;
  /**
   * Where messages are kept.
   * @default Redis if `UPSTASH_REDIS_REST_URL` is set, else the SQLite file `dabba.db`
   */
  readonly broker?: Broker;
  /**
   * The largest input, and the largest output that is kept, in bytes of its JSON text.
   * @default 262_144
   */
  readonly payloadLimit?: number;
  /** Listeners of lifecycle events, for logs and telemetry. */
  readonly on?: Listeners;
  /**
   * Tells on the console what goes wrong at work, a line each, as long as nobody listens to that
   * event: attempts that failed, dead letters, unknown tasks, outages. Payloads are never part of it.
   * @default true
   */
  readonly log?: boolean;
}

const DABBA_OPTIONS: Known<DabbaOptions<TaskTree>> = {
  tasks: true,
  broker: true,
  payloadLimit: true,
  on: true,
  log: true,
};

/** Looks into the store, for people and tools. */
export interface Inspect {
  /** Lists dead letters, newest first, each with its error and its history. */
  dead(query?: DeadLetterQuery): Promise<DeadLetterPage>;
  /** Counts what the store holds. */
  stats(): Promise<BrokerStats>;
  /**
   * Looks through the whole store for messages that are not in exactly one state, and mends them when
   * told to. Workers may go on meanwhile.
   *
   * ```ts
   * import { Dabba } from "@dabba/queue";
   * import { sqliteBroker } from "@dabba/queue/sqlite";
   *
   * await using dabba = new Dabba({ broker: sqliteBroker({ path: ":memory:" }), tasks: {} });
   * const { checked, findings } = await dabba.inspect.check({ repair: true });
   * console.log(checked, findings); // 1 []
   * ```
   *
   * It reads everything: about ten commands for 200 messages in Redis, the whole file in SQLite. So it
   * is for after an accident, or once a night, not for a loop.
   */
  check(options?: CheckOptions): Promise<CheckReport>;
  /**
   * Says how safe messages are in the store as it is set up, each finding with what to do; also what
   * the store does not tell. Nothing, where all is well.
   */
  doctor(): Promise<Diagnosis[]>;
}

/** Is what other modules of the package need of a Dabba, and users do not get. */
export interface Inside {
  /** What it stands on; may be replaced. */
  readonly ground: Ground;
  /** Its tasks, by name. */
  readonly definitions: ReadonlyMap<string, TaskDefinition>;
  /** Its workers that are at work. */
  readonly pumps: ReadonlySet<Pump>;
  /** Enqueues. */
  readonly enqueuer: Enqueuer;
}

// Not a static block: that would keep the class in bundles which do not use it.
const insides = new WeakMap<object, Inside>();

/** Opens a Dabba for other modules of the package; it is no part of what users import. */
export function insideOf<T extends TaskTree>(dabba: Dabba<T>): Inside {
  return insides.get(dabba)!;
}

/**
 * Is the heart of an application: its tasks, bound to a broker.
 *
 * Once an `enqueue` has resolved, the message runs to an outcome that can be seen, whatever crashes.
 * The limit: it may run more than once; effects are exactly-once only with a fence.
 *
 * ```ts
 * import { Dabba, defineTask } from "@dabba/queue";
 * import { memoryBroker } from "@dabba/queue/testing";
 * import { z } from "zod";
 *
 * const greet = defineTask("greet", { input: z.object({ name: z.string() }) }, ({ name }) => {
 *   return `Hello, ${name}`;
 * });
 * const dabba = new Dabba({ broker: memoryBroker(), tasks: { greet } });
 * dabba.on("dead", ({ task, id, error }) => console.error(task, id, error));
 *
 * const receipt = await dabba.tasks.greet.enqueue({ name: "Ada" }, { priority: "high" });
 * await dabba.worker({ concurrency: 50 }).drain(); // or .run({ signal }), for long
 * console.log(await receipt.result()); // Hello, Ada
 * await dabba.close();
 * ```
 */
export class Dabba<T extends TaskTree = TaskTree> extends Producer<T> {
  /** Looks into the store, for people and tools. */
  override readonly inspect: Inspect;
  readonly #tree: T;
  readonly #ground: Ground;
  readonly #pumps = new Set<Pump>();
  readonly #events: Events;

  /** Checks the tasks and binds them; opens nothing yet. Throws `TypeError` for a bad option. */
  constructor(options: DabbaOptions<T>) {
    checkKnown(options, DABBA_OPTIONS, "make a Dabba");
    checkEvents(options?.on);
    const broker = options?.broker ?? defaultBroker();
    super({ ...options, broker });
    const parts = partsOf(this);
    const { definitions, events, enqueuer } = parts;
    const unheard = new UnheardEvents(events, options.log ?? true);
    this.#events = unheard;
    const kick = (options: KickOptions) => new Kick(this, options);
    const count: ProducerParts["count"] = (name, listener) => unheard.count(name, listener);
    Object.assign(parts, { kick, count });
    this.#tree = options.tasks;
    const own = { broker, clock: systemClock(), tasks: definitions };
    const ground = Object.assign(parts.ground, own);
    this.#ground = ground;
    // A message that this process has just sent is looked for at once, not at the next poll.
    events.on("enqueued", () => this.#pumps.forEach((pump) => pump.nudge()));
    this.inspect = {
      dead: (query = {}) => listDead(ground.broker, query),
      stats: () => ground.broker.stats(),
      check: (options = {}) => checkStore(ground.broker, options),
      doctor: () => examineStore(ground.broker),
    };
    insides.set(this, { ground, definitions, enqueuer, pumps: this.#pumps });
  }

  /** Binds the tasks anew, with a callback for each message that the store has taken through them. */
  observed(onEnqueued: () => void): BoundTree<T> {
    const { enqueuer } = partsOf(this);
    return bindTasks(this.#tree, {
      payloadLimit: enqueuer.payloadLimit,
      async enqueue(definition, input, options) {
        const receipt = await enqueuer.enqueue(definition, input, options);
        onEnqueued();
        return receipt;
      },
      async enqueueMany(definition, inputs, options) {
        const receipts = await enqueuer.enqueueMany(definition, inputs, options);
        if (receipts.length > 0) onEnqueued();
        return receipts;
      },
    });
  }

  /**
   * Makes a worker for the tasks whose handlers are here.
   *
   * @throws {TypeError | RangeError} for a bad option, or where none of the tasks has a handler.
   */
  worker(options: WorkerOptions = {}): Worker {
    checkKnown(options, WORKER_OPTIONS, "make a worker");
    const ground = this.#ground;
    this.#checkHandlers(ground.tasks);
    const { enqueuer } = partsOf(this);
    const settings = this.#resolve(options);
    const deps = {
      get broker() {
        return ground.broker;
      },
      get clock() {
        return ground.clock;
      },
      get tasks() {
        return ground.tasks;
      },
      events: this.#events,
      payloadLimit: enqueuer.payloadLimit,
    };
    return new Worker(deps, settings, this.#pumps);
  }

  /**
   * Explains what this setup costs with a worker of these options: commands, money, locks, duplicates.
   * It asks the store for nothing. Print it, or read its figures:
   *
   * ```ts
   * import { Dabba } from "@dabba/queue";
   * import { redisBroker } from "@dabba/queue/redis";
   *
   * const broker = redisBroker({ url: "https://example.upstash.io", token: "secret" });
   * const dabba = new Dabba({ broker, tasks: {} });
   * const { commandsPerMessage } = dabba.explain({ queues: ["mail"], pricePerMillion: 2 });
   * console.log(commandsPerMessage.alone < 25, commandsPerMessage.batched < 1); // true true
   * ```
   *
   * @throws {TypeError | RangeError} for a bad option.
   */
  explain(options: ExplainOptions & WorkerOptions = {}): Explanation {
    checkKnown(options, { ...WORKER_OPTIONS, ...EXPLAIN_OPTIONS }, "explain");
    const { definitions } = partsOf(this);
    const crashes = [...definitions.values()].map(({ settings }) => settings.maxCrashes);
    const maxCrashes = Math.max(0, ...crashes);
    return explain(this.#ground.broker, this.#resolve(options), { ...options, maxCrashes });
  }

  // Such a worker would only put messages off, those of others too, and say nothing.
  #checkHandlers(tasks: Ground["tasks"]): void {
    const all = [...tasks.values()];
    if (all.length === 0 || all.some(({ run }) => run !== undefined)) return;
    const names = all.slice(0, 10).map(({ name }) => `"${name}"`);
    if (all.length > names.length) names.push("…");
    throw new TypeError(
      `Cannot make a worker: none of its tasks has a handler, ${names.join(", ")}; ` +
        "give it to one at least, as in tasks: { welcome: welcome.handler(sendWelcome) }",
    );
  }

  #resolve(options: WorkerOptions): WorkerSettings {
    const { definitions } = partsOf(this);
    const { polling, lingerMs } = this.#ground.broker;
    const all = [...definitions.values()];
    // The messages of a contract alone are for another worker: here they would only be put off.
    const here = all.filter(({ run }) => run !== undefined);
    const served = here.length > 0 ? here : all;
    const queues = [...new Set(served.map(({ settings }) => settings.queue))];
    return resolveWorker(options, { queues, polling, lingerMs });
  }

  /** Adds a listener of lifecycle events; the function that comes back removes it. */
  override on<K extends keyof DabbaEvents>(name: K, listener: Listener<K>): () => void {
    checkEvents({ [name]: listener });
    return super.on(name, listener);
  }

  /** Sends dead letters round again, with fresh budgets; gives how many went. */
  redrive(choice: DeadLetterChoice): Promise<number> {
    return redriveDead(this.#ground.broker, choice);
  }

  /** Throws dead letters away, which then read as cancelled; gives how many went. */
  discard(choice: DeadLetterChoice): Promise<number> {
    return discardDead(this.#ground.broker, choice);
  }
}
