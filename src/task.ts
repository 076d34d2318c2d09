/** Tasks: a contract (name, schemas, options), and a handler that may live elsewhere. */

import { type Duration, durationMs } from "./duration.ts";
import { checkKnown, type Known } from "./known_options.ts";
import { checkName } from "./message/id.ts";
import type { AsJson } from "./message/json.ts";
import { runInPlace } from "./run_in_place.ts";
import { type Backoff, type BackoffPlan, DEFAULT_BACKOFF, planBackoff } from "./retry/backoff.ts";
import { isSchema, type Schema, type SchemaInput, type SchemaOutput } from "./schema.ts";
import { PRIORITIES, type Priority } from "./broker/broker.ts";

/** Is what a handler is told besides its input. */
export interface TaskContext {
  /** The message's id. */
  readonly id: string;
  /** The task's name. */
  readonly task: string;
  /** The queue it came from. */
  readonly queue: string;
  /** The attempt's number, from 1. Hand-backs and crashes do not count. */
  readonly attempt: number;
  /** How many attempts there are in all. */
  readonly maxAttempts: number;
  /** Grows with each delivery of the message: store it with your writes, refuse a lower one. */
  readonly fence: number;
  /** When it was enqueued, by the store's clock. */
  readonly enqueuedAt: Date;
  /**
   * Aborts when the attempt times out, its lease is lost, or the worker stops. Read it here: a copy of
   * the context by spread has none.
   */
  readonly signal: AbortSignal;
  /**
   * Says how far the work is, for whoever watches the message: any JSON value up to 4 KiB. It travels
   * with the next renewal of the lease, at most a few times a second; the last one wins.
   */
  progress(value: unknown): void;
}

/** Does a task's work. */
export type Handler<In, Out> = (input: In, ctx: TaskContext) => Out | Promise<Out>;

/** Holds what a task's options say, or one enqueue's. */
export interface TaskSettings {
  /** When failed attempts are repeated. @default ["1m", "5m", "15m"] */
  readonly backoff?: Backoff;
  /** How long one attempt may run. @default no limit */
  readonly timeout?: Duration;
  /** The queue. @default "default" */
  readonly queue?: string;
  /** The lane of the queue. @default "normal" */
  readonly priority?: Priority;
  /** How long the outcome stays readable; 0 keeps the state alone, for ten minutes. @default "1h" */
  readonly retain?: Duration;
  /**
   * How many times its worker may vanish under it before it is given up as poison. From the second
   * time on it runs alone in its worker, so that others do not suffer with it. @default 8
   */
  readonly maxCrashes?: number;
}

/** Holds a task's schemas and settings. */
export interface TaskOptions<
  Input extends Schema = Schema,
  Output extends Schema | undefined = Schema | undefined,
> extends TaskSettings {
  /** What the task takes: any Standard Schema, such as `z.object({ … })`. */
  readonly input: Input;
  /** What it gives back; left out, its output is not checked. */
  readonly output?: Output;
}

/** Holds settings, checked and resolved to data. */
export interface ResolvedSettings {
  /** When failed attempts are repeated. */
  readonly backoff: BackoffPlan;
  /** How long one attempt may run, in milliseconds; 0 for no limit. */
  readonly timeoutMs: number;
  /** The queue. */
  readonly queue: string;
  /** The lane. */
  readonly priority: Priority;
  /** How long the outcome stays readable, in milliseconds. */
  readonly retainMs: number;
  /** How many crashes are borne. */
  readonly maxCrashes: number;
}

/** Is a task as Dabba keeps it: schemas, settings, and the handler if there is one here. */
export interface TaskDefinition {
  /** The task's name. */
  readonly name: string;
  /** What it takes. */
  readonly input: Schema;
  /** What it gives back, if checked. */
  readonly output: Schema | undefined;
  /** Its settings. */
  readonly settings: ResolvedSettings;
  /** Does the work; undefined where only the contract is known. */
  readonly run: Handler<unknown, unknown> | undefined;
}

/** Marks what carries a task definition: contracts, tasks and decorated methods. */
export const DEFINITION: unique symbol = Symbol.for("dabba.definition") as never;

/** Is what a producer needs of a task: its name and schemas, but none of the handler's imports. */
export interface TaskContract<In = unknown, Parsed = unknown, Out = unknown> {
  /** The task's name. */
  readonly taskName: string;
  /** Dabba's own view of the task. */
  readonly [DEFINITION]: TaskDefinition;
  /** The types, for the compiler only. */
  readonly types?: { readonly input: In; readonly parsed: Parsed; readonly output: Out };
}

/** Is a contract that waits for its handler. */
export interface OpenContract<In, Parsed, Given, Out> extends TaskContract<In, Parsed, Out> {
  /** Joins the contract with the code that does the work, and gives the task. */
  handler<R extends Given>(run: Handler<Parsed, R>): Task<
    In,
    Parsed,
    unknown extends Out ? AsJson<R> : Out
  >;
}

/** Is a task with its handler. */
export interface Task<In = unknown, Parsed = unknown, Out = unknown>
  extends TaskContract<In, Parsed, Out> {
  /** Runs the handler in place, with no queue between; `ctx` overrides what the handler is told. */
  (input: In, ctx?: Partial<TaskContext>): Promise<Out>;
}

/** Is what a task's result is parsed to. */
export type OutputOf<O> = O extends Schema ? SchemaOutput<O> : unknown;
/** Is what a task's handler must return. */
export type GivenOf<O> = O extends Schema ? SchemaInput<O> : unknown;

/**
 * Defines a task: its name, its schemas, its options, and, at once or later, its handler.
 *
 * ```ts
 * import { defineTask } from "@dabba/queue";
 * import { z } from "zod";
 *
 * export const welcome = defineTask("email.welcome", {
 *   input: z.object({ email: z.email() }),
 *   backoff: ["1m", "5m", "15m"],
 *   timeout: "30s",
 * }, async ({ email }, ctx) => {
 *   await fetch("https://mail.example/send", { method: "POST", body: email, signal: ctx.signal });
 * });
 * ```
 *
 * @throws {TypeError | RangeError} when the name or an option is not usable.
 */
export function defineTask<I extends Schema, O extends Schema | undefined = undefined>(
  name: string,
  options: TaskOptions<I, O>,
): OpenContract<SchemaInput<I>, SchemaOutput<I>, GivenOf<O>, OutputOf<O>>;
/** Defines a task with its handler at once. */
export function defineTask<
  I extends Schema,
  O extends Schema | undefined = undefined,
  R extends GivenOf<O> = GivenOf<O>,
>(
  name: string,
  options: TaskOptions<I, O>,
  handler: Handler<SchemaOutput<I>, R>,
): Task<SchemaInput<I>, SchemaOutput<I>, O extends Schema ? SchemaOutput<O> : AsJson<R>>;
export function defineTask(
  name: string,
  options: TaskOptions,
  handler?: Handler<never, unknown>,
): unknown {
  const contract = define(name, options, undefined);
  if (handler !== undefined) return withHandler(contract, handler);
  return {
    taskName: name,
    [DEFINITION]: contract,
    handler: (run: Handler<never, unknown>) => withHandler(contract, run),
  };
}

const TASK_OPTIONS: Known<TaskOptions> = {
  ...{ input: true, output: true, backoff: true, timeout: true, queue: true, priority: true },
  ...{ retain: true, maxCrashes: true },
};

/** Makes a definition out of what the user wrote, checked. */
export function define(
  name: string,
  options: TaskOptions,
  run: Handler<unknown, unknown> | undefined,
): TaskDefinition {
  checkName(name, "task name");
  checkKnown(options, TASK_OPTIONS, `define task "${name}"`);
  if (!isSchema(options?.input)) {
    throw new TypeError(
      `Cannot define task "${name}": options.input must be a Standard Schema, such as z.object({ … })`,
    );
  }
  if (options.output !== undefined && !isSchema(options.output)) {
    throw new TypeError(`Cannot define task "${name}": options.output must be a Standard Schema`);
  }
  return {
    name,
    input: options.input,
    output: options.output,
    settings: resolveSettings(options, DEFAULTS),
    run,
  };
}

function withHandler(contract: TaskDefinition, run: Handler<never, unknown>): Task {
  if (typeof run !== "function") {
    throw new TypeError(`Cannot define task "${contract.name}": its handler must be a function`);
  }
  const definition = { ...contract, run: run as Handler<unknown, unknown> };
  const task = (input: unknown, ctx?: Partial<TaskContext>) => runInPlace(definition, input, ctx);
  return Object.assign(task, { taskName: contract.name, [DEFINITION]: definition });
}

/** What holds where neither the task nor the enqueue says anything. */
export const DEFAULTS: ResolvedSettings = {
  backoff: planBackoff(DEFAULT_BACKOFF),
  timeoutMs: 0,
  queue: "default",
  priority: "normal",
  retainMs: 3_600_000,
  maxCrashes: 8,
};

/** Resolves settings over others; throws `TypeError` or `RangeError` for a bad one. */
export function resolveSettings(over: TaskSettings, base: ResolvedSettings): ResolvedSettings {
  return {
    backoff: over.backoff === undefined ? base.backoff : planBackoff(over.backoff),
    timeoutMs: over.timeout === undefined ? base.timeoutMs : positive(over.timeout, "timeout"),
    queue: over.queue === undefined ? base.queue : checkName(over.queue, "queue"),
    priority: over.priority === undefined ? base.priority : checkPriority(over.priority),
    retainMs: over.retain === undefined ? base.retainMs : durationMs(over.retain, "retain"),
    maxCrashes: over.maxCrashes === undefined ? base.maxCrashes : checkCrashes(over.maxCrashes),
  };
}

function positive(value: Duration, name: string): number {
  const ms = durationMs(value, name);
  if (ms > 0) return ms;
  throw new RangeError(`Cannot use ${name} 0: it must be at least 1 ms; leave it out for no limit`);
}

function checkPriority(priority: Priority): Priority {
  if (PRIORITIES.includes(priority)) return priority;
  throw new TypeError(
    `Cannot use priority "${String(priority)}": expected "high", "normal" or "low"`,
  );
}

function checkCrashes(count: number): number {
  if (Number.isInteger(count) && count >= 1 && count <= 1_000) return count;
  throw new RangeError(`Cannot use maxCrashes ${count}: it must be a whole number from 1 to 1,000`);
}
