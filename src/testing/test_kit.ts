/** The test kit: a Dabba on a store in memory, in a time of its own. */

import type { AsJson } from "../message/json.ts";
import type { BoundTask, BoundTree, TaskTree } from "../bound_tasks.ts";
import { Dabba, type DabbaOptions, type Inside, insideOf } from "../dabba.ts";
import { type Duration, durationMs } from "../duration.ts";
import { UnknownTaskError } from "../errors.ts";
import { checkKnown, type Known } from "../known_options.ts";
import type { MessageStatus } from "../status.ts";
import type { TaskContract } from "../task.ts";
import { resolveWorker, WORKER_OPTIONS, type WorkerOptions } from "../worker/options.ts";
import type { Summary } from "../worker/tally.ts";
import { type Enqueued, RecordingBroker } from "./enqueued.ts";
import { Handlers } from "./handlers.ts";
import { type Failure, Outcomes } from "./outcomes.ts";
import { Rounds } from "./rounds.ts";
import { TestKitError } from "./test_kit_error.ts";
import { VirtualClock } from "./virtual_clock.ts";

/** Says how a test kit differs from the usual one. */
export interface TestOptions {
  /**
   * Runs each message as part of its `enqueue`, which throws what its handler throws. A message with a
   * delay, or a retry, waits for `advance()`.
   * @default false
   */
  readonly inline?: boolean;
  /** When the kit's time begins. @default now */
  readonly startAt?: Date;
  /** Where the random part of waits follows from. @default 1 */
  readonly seed?: number;
  /** The worker that runs messages. Without `queues` it serves all that hold messages. */
  readonly worker?: WorkerOptions;
  /**
   * How long, in real time, `advance()` lets a handler do nothing that is seen (a request, a file)
   * before time goes on under it, up to its timeout. Make it short to test timeouts.
   * @default "1s"
   */
  readonly patience?: Duration;
  /** How long, in real time, handlers may take where time stands still. @default "5s" */
  readonly stuckAfter?: Duration;
}

const TEST_OPTIONS: Known<TestOptions> = {
  inline: true,
  startAt: true,
  seed: true,
  worker: true,
  patience: true,
  stuckAfter: true,
};

/** Tells what a call has run. */
export interface TestRun extends Omit<Summary, "claimed"> {
  /** What was thrown, in order, also by attempts that will be repeated. */
  readonly failures: readonly Failure[];
}

/** Is any task of the kit's Dabba: a contract, a task, or a bound one. */
export type TestedTask<In> = TaskContract<In> | BoundTask<In>;

/**
 * Puts a Dabba on a store in memory and into a time of its own, until the kit is closed.
 *
 * Nothing runs until the test says so, and no time passes but what the test lets pass. Give it your
 * app's own `Dabba`, which it lends another store meanwhile, or the options to make one.
 *
 * ```ts
 * import { defineTask } from "@dabba/queue";
 * import { testDabba } from "@dabba/queue/testing";
 * import { z } from "zod";
 *
 * let up = false;
 * const input = z.object({ url: z.url() });
 * const ping = defineTask("ping", { input, backoff: ["1m", "15m"] }, ({ url }) => {
 *   if (!up) throw new Error(`${url} is down`);
 * });
 *
 * await using kit = testDabba({ tasks: { ping } });
 * const receipt = await kit.tasks.ping.enqueue({ url: "https://example.com" });
 * console.log(kit.enqueued(ping)[0]?.input.url); // https://example.com
 * console.log((await kit.runUntilIdle()).retried); // 1
 * console.log((await kit.advance("1m")).failures[0]?.attempt); // 2
 * up = true;
 * await kit.advance("15m");
 * console.log((await receipt.status()).state); // succeeded
 * ```
 *
 * It needs no permission and no `node:` module. The limits: `Date.now()` and `setTimeout` of your own
 * code go by real time, as does the wait of `receipt.result()`; `kit.now()` is the kit's. An outcome is
 * forgotten when it would be in production, an hour after its success unless the task's `retain` says
 * otherwise: a longer `advance()` leaves none to read.
 *
 * @throws {TypeError | RangeError} for a bad option.
 * @throws {TestKitError} when the Dabba has a kit already, or one of its workers is at work.
 */
export function testDabba<T extends TaskTree>(
  dabba: Dabba<T> | Omit<DabbaOptions<T>, "broker">,
  options: TestOptions = {},
): TestKit<T> {
  return new TestKit(dabba, options);
}

/** Is a Dabba on the kit's store. */
interface Lent extends Pick<Inside, "pumps" | "definitions"> {
  readonly giveBack: () => void;
}

/** Is what a test holds; made by `testDabba()`. */
export class TestKit<T extends TaskTree = TaskTree> {
  /** The Dabba, for the code under test. */
  readonly dabba: Dabba<T>;
  readonly #clock: VirtualClock;
  readonly #store: RecordingBroker;
  readonly #outcomes: Outcomes;
  readonly #rounds: Rounds;
  readonly #handlers = new Handlers();
  readonly #arrived: ((id: string) => Promise<void>) | undefined;
  readonly #lent: Lent[] = [];
  #busy = "";
  #closed = false;

  /** Is called by `testDabba()`. */
  constructor(dabba: Dabba<T> | Omit<DabbaOptions<T>, "broker">, options: TestOptions) {
    const { startMs, patienceMs, stuckMs, queues } = checkTestOptions(options);
    this.#clock = new VirtualClock(startMs, options.seed ?? 1);
    this.#store = new RecordingBroker(this.#clock.wall);
    const broker = this.#store;
    this.dabba = dabba instanceof Dabba ? dabba : new Dabba({ ...dabba, broker });
    this.#outcomes = new Outcomes(this.#handlers);
    this.#rounds = new Rounds({
      ...{ store: broker, clock: this.#clock, handlers: this.#handlers, patienceMs, stuckMs },
      queues,
      pumps: () => this.#lent.flatMap(({ pumps }) => [...pumps]),
      worker: (queues) => this.dabba.worker({ signals: false, ...options.worker, queues }),
    });
    this.#arrived = options.inline ? (id) => this.#runInline(id) : undefined;
    this.join(this.dabba);
  }

  /** The Dabba's tasks, typed, each with `.enqueue()`. */
  get tasks(): BoundTree<T> {
    return this.dabba.tasks;
  }

  /**
   * Puts another Dabba on the same store and into the same time, such as that of a producer which has
   * the contracts alone. What it enqueues is listed, and run by the handlers of all.
   *
   * @throws {TestKitError} when it has a kit already, or one of its workers is at work.
   */
  join<J extends TaskTree>(dabba: Dabba<J>): void {
    this.#check("join a Dabba");
    if (!(dabba instanceof Dabba)) throw new TypeError("Cannot join: expected a Dabba");
    const { ground, definitions, pumps } = insideOf(dabba);
    if (ground.clock instanceof VirtualClock) {
      throw new TestKitError(
        "Cannot test this Dabba: another kit has it; close that one first, as `await using` does",
      );
    }
    if (pumps.size > 0) {
      throw new TestKitError("Cannot test a Dabba whose worker is at work: stop it first");
    }
    const before = { arrived: undefined, awaited: undefined, ...ground };
    const off = this.#outcomes.hear(dabba);
    this.#handlers.watch(definitions);
    const [broker, clock, arrived] = [this.#store, this.#clock, this.#arrived];
    const awaited = (status: MessageStatus) => this.#checkAwaited(status);
    Object.assign(ground, { broker, clock, arrived, awaited, tasks: this.#handlers.tasks });
    const giveBack = () => {
      off();
      Object.assign(ground, before);
    };
    this.#lent.push({ pumps, definitions, giveBack });
  }

  /** The kit's time, which is also the store's. */
  now(): Date {
    return new Date(this.#clock.wall());
  }

  /**
   * Lists what was enqueued since the kit was made, in order, also what has run since; of one task, its
   * inputs typed, or of all. Duplicates were not enqueued, and are not listed.
   *
   * @throws {UnknownTaskError} when the task is none of this Dabba's.
   */
  enqueued(): Enqueued[];
  /** Lists what was enqueued of one task. */
  enqueued<In>(task: TestedTask<In>): Enqueued<AsJson<In>>[];
  enqueued(task?: { readonly taskName: string }): Enqueued<never>[] {
    this.#check("list what was enqueued");
    const name = task?.taskName;
    if (task !== undefined && typeof name !== "string") {
      throw new TypeError("Cannot list what was enqueued of no task: give a task, or nothing");
    }
    const all = this.#store.enqueued as Enqueued<never>[];
    if (name === undefined) return [...all];
    const known = this.#lent.some(({ definitions }) => definitions.has(name));
    if (!known) throw new UnknownTaskError(name);
    return all.filter((one) => one.task === name);
  }

  /**
   * Runs what is due now, and what its handlers enqueue in turn; no time passes. Handlers may fail:
   * look at `failures`.
   *
   * @throws {TestKitError} when a handler does not end within `stuckAfter`.
   */
  runUntilIdle(): Promise<TestRun> {
    return this.#run("runUntilIdle", () => this.#rounds.untilIdle());
  }

  /**
   * Lets so much time pass, and runs all that becomes due in it, retries of retries included, each at
   * its very time. A handler that is still at work then goes on with the next call.
   */
  async advance(duration: Duration): Promise<TestRun> {
    const endAt = this.#clock.now() + durationMs(duration);
    return await this.#run("advance", () => this.#rounds.advanceTo(endAt));
  }

  /** Stops the workers, aborts what still runs, and gives Dabbas their own store and time back. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#rounds.end();
    for (const { giveBack } of this.#lent) giveBack();
    await this.#store.close();
  }

  /** Closes, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #run(name: string, act: () => Promise<void>): Promise<TestRun> {
    this.#check(name);
    if (this.#busy !== "") {
      throw new TestKitError(`Cannot ${name} while ${this.#busy}() goes on: await it first`);
    }
    this.#busy = name;
    const seen = this.#outcomes.mark();
    try {
      await act();
    } finally {
      this.#busy = "";
    }
    return this.#outcomes.since(seen);
  }

  async #runInline(id: string): Promise<void> {
    const ended = this.#outcomes.next(id);
    // One that is not run now may fail when nobody waits for it here any more.
    ended.catch(() => {});
    const [record] = await this.#store.read([id]);
    if (record?.state !== "ready") return;
    this.#rounds.drain([record.queue]);
    await this.#rounds.inTime(ended);
  }

  // Nobody could move the time, or run it, while the test waits.
  #checkAwaited({ id, state }: MessageStatus): void {
    if (this.#lent.some(({ pumps }) => pumps.size > 0)) return;
    throw new TestKitError(
      `Cannot wait for the result of message "${id}": it is ${state}, and nothing is at work; ` +
        "call runUntilIdle() or advance() first",
    );
  }

  #check(what: string): void {
    if (this.#closed) throw new TestKitError(`Cannot ${what}: the kit is closed`);
  }
}

function checkTestOptions(options: TestOptions) {
  checkKnown(options, TEST_OPTIONS, "make a test kit");
  checkKnown(options.worker, WORKER_OPTIONS, "make a worker");
  const { startAt = new Date(), patience = "1s", stuckAfter = "5s", worker = {} } = options;
  if (!(startAt instanceof Date && Number.isFinite(startAt.getTime()))) {
    throw new TypeError(`Cannot start at ${String(startAt)}: expected a valid Date`);
  }
  const defaults = { queues: ["default"], polling: { minMs: 20, maxMs: 250 }, lingerMs: 0 };
  const { queues } = resolveWorker(worker, defaults);
  return {
    startMs: startAt.getTime(),
    patienceMs: durationMs(patience, "patience"),
    stuckMs: durationMs(stuckAfter, "stuckAfter"),
    queues: worker.queues === undefined ? undefined : queues,
  };
}
