/** Dabba itself: tasks, a broker, and what can be done with them. */

import {
  bindTasks,
  type BoundTask,
  type BoundTree,
  collectTasks,
  type TaskTree,
} from "./bound_tasks.ts";
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
import { Enqueuer } from "./enqueuer.ts";
import { UnknownTaskError } from "./errors.ts";
import { type DabbaEvents, Events, type Listener, type Listeners } from "./events.ts";
import type { Ground } from "./ground.ts";
import { randomId } from "./message/id.ts";
import { encodeStopped } from "./message/result.ts";
import { makeReceipt, readStatus, type ResultOptions } from "./receipt.ts";
import { type MessageStatus, toStatus } from "./status.ts";
import { DEFINITION, type TaskContract, type TaskDefinition } from "./task.ts";
import { systemClock } from "./worker/clock.ts";
import { resolveWorker, type WorkerOptions } from "./worker/options.ts";
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
}

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

/** Opens a Dabba for other modules of the package; it is no part of what users import. */
export let insideOf: <T extends TaskTree>(dabba: Dabba<T>) => Inside;

/**
 * Is the heart of an application: its tasks, bound to a broker.
 *
 * Once an `enqueue` has resolved, the message runs to an outcome that can be seen, whatever crashes.
 * The limit: it may run more than once; effects are exactly-once only with a fence.
 */
export class Dabba<T extends TaskTree = TaskTree> {
  /** The tasks, typed, each with `.enqueue()`. */
  readonly tasks: BoundTree<T>;
  /** Looks into the store, for people and tools. */
  readonly inspect: Inspect;
  readonly #ground: Ground;
  readonly #tree: T;
  readonly #definitions: ReadonlyMap<string, TaskDefinition>;
  readonly #events: Events;
  readonly #enqueuer: Enqueuer;
  readonly #pumps = new Set<Pump>();

  static {
    insideOf = (dabba) => ({
      ground: dabba.#ground,
      definitions: dabba.#definitions,
      pumps: dabba.#pumps,
      enqueuer: dabba.#enqueuer,
    });
  }

  /** Checks the tasks and binds them; opens nothing yet. Throws `TypeError` for a bad option. */
  constructor(options: DabbaOptions<T>) {
    if (typeof options?.tasks !== "object" || options.tasks === null) {
      throw new TypeError("Cannot make a Dabba without tasks: give new Dabba({ tasks: { … } })");
    }
    this.#tree = options.tasks;
    this.#definitions = collectTasks(options.tasks);
    const ground = {
      broker: options.broker ?? defaultBroker(),
      clock: systemClock(),
      tasks: this.#definitions,
    };
    this.#ground = ground;
    this.#events = new Events(options.on);
    // A message that this process has just sent is looked for at once, not at the next poll.
    this.#events.on("enqueued", () => this.#pumps.forEach((pump) => pump.nudge()));
    const payloadLimit = checkLimit(options.payloadLimit ?? 262_144);
    this.#enqueuer = new Enqueuer(ground, this.#events, payloadLimit);
    this.tasks = bindTasks(options.tasks, this.#enqueuer);
    this.inspect = {
      dead: (query = {}) => listDead(ground.broker, query),
      stats: () => ground.broker.stats(),
      check: (options = {}) => checkStore(ground.broker, options),
      doctor: () => examineStore(ground.broker),
    };
  }

  /**
   * Which part of a shared store the messages lie in, such as `dabba`, or `dabba:my-branch` in a
   * preview; undefined where the store is not shared, as SQLite. A log line at the start can tell it.
   */
  get namespace(): string | undefined {
    return this.#ground.broker.namespace;
  }

  /** The names of the tasks known here. */
  get taskNames(): readonly string[] {
    return [...this.#definitions.keys()];
  }

  /** The tasks known here, with their schemas and settings, for routes and tools. */
  get definitions(): readonly TaskDefinition[] {
    return [...this.#definitions.values()];
  }

  /** Finds a task by its name, for routes and tools; throws `UnknownTaskError`. */
  task(name: string): BoundTask {
    const definition = this.#definitions.get(name);
    if (definition === undefined) throw new UnknownTaskError(name);
    const contract: TaskContract = { taskName: name, [DEFINITION]: definition };
    return bindTasks({ contract }, this.#enqueuer).contract;
  }

  /** Binds the tasks anew, with a callback for each message that the store has taken through them. */
  observed(onEnqueued: () => void): BoundTree<T> {
    const enqueuer = this.#enqueuer;
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

  /** Makes a worker for the tasks whose handlers are here. Throws for a bad option. */
  worker(options: WorkerOptions = {}): Worker {
    const ground = this.#ground;
    const { polling, lingerMs } = ground.broker;
    const all = [...this.#definitions.values()];
    // The messages of a contract alone are for another worker: here they would only be put off.
    const here = all.filter(({ run }) => run !== undefined);
    const served = here.length > 0 ? here : all;
    const queues = [...new Set(served.map(({ settings }) => settings.queue))];
    const settings = resolveWorker(options, { queues, polling, lingerMs });
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
      payloadLimit: this.#enqueuer.payloadLimit,
    };
    return new Worker(deps, settings, this.#pumps);
  }

  /** Reads where a message stands; throws `MessageNotFoundError`. */
  status(id: string): Promise<MessageStatus> {
    return readStatus(this.#ground.broker, id);
  }

  /** Waits for a message's output, as a receipt does; see `Receipt.result`. */
  async result(id: string, options?: ResultOptions): Promise<unknown> {
    const { task } = await this.status(id);
    const definition = this.#definitions.get(task);
    if (definition === undefined) throw new UnknownTaskError(task);
    const receipt = makeReceipt(this.#ground, definition, { id, disposition: "enqueued" });
    return await receipt.result(options);
  }

  /** Stops a message that is not final; a running one loses its lease. Says whether it was stopped. */
  async cancel(id: string): Promise<boolean> {
    const [record] = await this.#ground.broker.read([id]);
    if (record === undefined) return false;
    const error = { name: "CancelledError", message: "It was cancelled" };
    const result = encodeStopped(toStatus(record).task, error);
    const op = { id: randomId(), retainMs: 3_600_000 };
    const [word] = await this.#ground.broker.cancel([{ ...record, result }], op);
    return word === "cancelled";
  }

  /** Sends dead letters round again, with fresh budgets; gives how many went. */
  redrive(choice: DeadLetterChoice): Promise<number> {
    return redriveDead(this.#ground.broker, choice);
  }

  /** Throws dead letters away, which then read as cancelled; gives how many went. */
  discard(choice: DeadLetterChoice): Promise<number> {
    return discardDead(this.#ground.broker, choice);
  }

  /** Adds a listener of lifecycle events; the function that comes back removes it. */
  on<K extends keyof DabbaEvents>(name: K, listener: Listener<K>): () => void {
    return this.#events.on(name, listener);
  }

  /** Lets go of the broker's connections and files. Stop workers first. */
  async close(): Promise<void> {
    await this.#ground.broker.close();
  }

  /** Closes, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function checkLimit(bytes: number): number {
  if (Number.isInteger(bytes) && bytes >= 1) return bytes;
  throw new RangeError(`Cannot use payloadLimit ${bytes}: it must be a whole number of bytes`);
}
