/** The producer: tasks, bound to where their messages are kept, and what can be asked of those. */

import {
  bindTasks,
  type BoundTask,
  type BoundTree,
  collectTasks,
  type TaskTree,
} from "../bound_tasks.ts";
import type { BrokerStats } from "../broker/broker.ts";
import type { ProducerBroker } from "../broker/producer_broker.ts";
import { Enqueuer } from "../enqueuer.ts";
import { UnknownTaskError } from "../errors.ts";
import { type DabbaEvents, Events, type Listener, type Listeners } from "../events.ts";
import type { ProducerGround } from "../ground.ts";
import type { Kick, KickOptions } from "../kick.ts";
import { randomId } from "../message/id.ts";
import { encodeStopped } from "../message/result.ts";
import { makeReceipt, readStatus, type ResultOptions } from "../receipt.ts";
import { type MessageStatus, toStatus } from "../status.ts";
import { DEFINITION, type TaskContract, type TaskDefinition } from "../task.ts";

/** Says what a `Producer` is made of. */
export interface ProducerOptions<T extends TaskTree> {
  /** The tasks: contracts of `defineTask`, or groups of them. */
  readonly tasks: T;
  /** Where messages are kept, such as `redisProducer({ url, token })`. */
  readonly broker: ProducerBroker;
  /**
   * The largest input, in bytes of its JSON text.
   * @default 262_144
   */
  readonly payloadLimit?: number;
  /** Listeners of lifecycle events; a producer has only `enqueued`. */
  readonly on?: Listeners;
}

/** Is what a producer consists of, for those who build on one. */
export interface ProducerParts {
  readonly ground: ProducerGround;
  readonly definitions: ReadonlyMap<string, TaskDefinition>;
  readonly events: Events;
  readonly enqueuer: Enqueuer;
  /** Makes what drains after a request; only a Dabba has it, so that no producer bundles a worker. */
  readonly kick?: (options: KickOptions) => Kick;
  /** Adds one who counts what workers tell, and is no listener; only a Dabba has it. */
  readonly count?: <K extends keyof DabbaEvents>(name: K, listener: Listener<K>) => void;
}

// Not a static block: that would keep the class in bundles which do not use it.
const partsOfAll = new WeakMap<object, ProducerParts>();

/** Opens a producer, for a `Dabba` is one. */
export function partsOf<T extends TaskTree>(producer: Producer<T>): ProducerParts {
  return partsOfAll.get(producer)!;
}

/**
 * Enqueues tasks that a worker elsewhere runs, and says where their messages stand.
 *
 * It promises what a `Dabba` promises, and weighs a fraction of it: no worker, no dead letters, no
 * store of its own. A `Dabba` is a producer, too.
 *
 * ```ts ignore
 * import { defineTask, Producer, redisProducer } from "@dabba/queue/producer";
 *
 * const producer = new Producer({ broker: redisProducer({ url, token }), tasks: { welcome } });
 * const receipt = await producer.tasks.welcome.enqueue({ email: "ada@example.com" });
 * ```
 */
export class Producer<T extends TaskTree = TaskTree> {
  /** The tasks, typed, each with `.enqueue()`. */
  declare readonly tasks: BoundTree<T>;
  /** Looks into the store. */
  declare readonly inspect: {
    /** Counts what the store holds. */
    stats(): Promise<BrokerStats>;
  };
  readonly #parts: ProducerParts;

  /** Checks the tasks and binds them; opens nothing yet. Throws `TypeError` for a bad option. */
  constructor(options: ProducerOptions<T>) {
    if (typeof options?.tasks !== "object" || options.tasks === null) {
      throw new TypeError(
        "Cannot make a Dabba or a Producer without tasks: give it { tasks: { … } }",
      );
    }
    const { tasks, broker, payloadLimit = 262_144, on } = options;
    if (typeof broker?.push !== "function") {
      throw new TypeError(
        "Cannot use this broker: give redisProducer({ url, token }), redisBroker(), sqliteBroker(), …",
      );
    }
    const ground: ProducerGround = { broker };
    const events = new Events(on);
    const enqueuer = new Enqueuer(ground, events, checkLimit(payloadLimit));
    this.#parts = { ground, events, enqueuer, definitions: collectTasks(tasks) };
    partsOfAll.set(this, this.#parts);
    this.tasks = bindTasks(tasks, enqueuer);
    this.inspect = { stats: () => ground.broker.stats() };
  }

  /**
   * Which part of a shared store the messages lie in, such as `dabba`, or `dabba:my-branch` in a
   * preview; undefined where the store is not shared, as SQLite. A log line at the start can tell it.
   */
  get namespace(): string | undefined {
    return this.#parts.ground.broker.namespace;
  }

  /** The names of the tasks known here. */
  get taskNames(): readonly string[] {
    return [...this.#parts.definitions.keys()];
  }

  /** The tasks known here, with their schemas and settings, for routes and tools. */
  get definitions(): readonly TaskDefinition[] {
    return [...this.#parts.definitions.values()];
  }

  /** Finds a task by its name, for routes and tools; throws `UnknownTaskError`. */
  task(name: string): BoundTask {
    const definition = this.#parts.definitions.get(name);
    if (definition === undefined) throw new UnknownTaskError(name);
    const contract: TaskContract = { taskName: name, [DEFINITION]: definition };
    return bindTasks({ contract }, this.#parts.enqueuer).contract;
  }

  /** Reads where a message stands; throws `MessageNotFoundError`. */
  status(id: string): Promise<MessageStatus> {
    return readStatus(this.#parts.ground.broker, id);
  }

  /** Waits for a message's output, as a receipt does; see `Receipt.result`. */
  async result(id: string, options?: ResultOptions): Promise<unknown> {
    const { task } = await this.status(id);
    const definition = this.#parts.definitions.get(task);
    if (definition === undefined) throw new UnknownTaskError(task);
    const receipt = makeReceipt(this.#parts.ground, definition, {
      id,
      disposition: "enqueued",
    });
    return await receipt.result(options);
  }

  /** Stops a message that is not final; a running one loses its lease. Says whether it was stopped. */
  async cancel(id: string): Promise<boolean> {
    const [record] = await this.#parts.ground.broker.read([id]);
    if (record === undefined) return false;
    const error = { name: "CancelledError", message: "It was cancelled" };
    const result = encodeStopped(toStatus(record).task, error);
    const op = { id: randomId(), retainMs: 3_600_000 };
    const [word] = await this.#parts.ground.broker.cancel([{ ...record, result }], op);
    return word === "cancelled";
  }

  /** Adds a listener of lifecycle events; the function that comes back removes it. */
  on<K extends keyof DabbaEvents>(name: K, listener: Listener<K>): () => void {
    return this.#parts.events.on(name, listener);
  }

  /** Lets go of the broker's connections and files. Stop workers first. */
  async close(): Promise<void> {
    await this.#parts.ground.broker.close();
  }

  /** Closes, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function checkLimit(bytes: number): number {
  if (Number.isInteger(bytes) && bytes >= 1) return bytes;
  throw new RangeError(`Cannot use payloadLimit ${bytes}: give a whole number of bytes from 1 on`);
}
