/** Bound tasks: what users enqueue with, made from the tree of tasks given to `Dabba`. */

import type { EnqueueOptions } from "./enqueuer.ts";
import type { AsJson } from "./message/json.ts";
import type { Receipt } from "./receipt.ts";
import { runInPlace } from "./run_in_place.ts";
import { DEFINITION, type TaskContext, type TaskContract, type TaskDefinition } from "./task.ts";

/** Is a task that knows its queue. */
export interface BoundTask<In = unknown, Out = unknown> {
  /** The task's name. */
  readonly taskName: string;
  /** The largest input, in bytes of its JSON text. */
  readonly payloadLimit: number;
  /** Runs the handler in place, with no queue between. */
  (input: In, ctx?: Partial<TaskContext>): Promise<Out>;
  /** Checks the input, stores a message, and resolves with its receipt once the store has it. */
  enqueue(input: In, options?: EnqueueOptions): Promise<Receipt<Out>>;
  /**
   * Enqueues many inputs in as few requests as they fit in; one bad input keeps all of them out. The
   * error's path, or its issues', begins with the index of that input; one too large has an `index`.
   */
  enqueueMany(inputs: readonly In[], options?: EnqueueOptions): Promise<Receipt<Out>[]>;
}

/** Is what `new Dabba({ tasks })` takes: tasks, contracts, instances with `@task` methods, groups. */
export type TaskTree = { readonly [name: string]: object };

/** Is the same tree with each task bound to its queue. */
export type BoundTree<T> = {
  readonly [K in keyof T]: T[K] extends TaskContract<infer In, unknown, infer Out>
    ? BoundTask<In, Out>
    : BoundGroup<T[K]>;
};

/** Is a group of tasks, or an instance's decorated methods, bound to their queue. */
export type BoundGroup<C> = {
  readonly [M in keyof C as C[M] extends TaskContract | AnyMethod ? M : never]: C[M] extends
    TaskContract<infer In, unknown, infer Out> ? BoundTask<In, Out>
    : C[M] extends (input: infer In, ctx: TaskContext) => infer R
      ? BoundTask<In, AsJson<Awaited<R>>>
    : never;
};

/** Is any method that could be a task's. */
export type AnyMethod = (input: never, ctx: TaskContext) => unknown;

/** Stores messages of a task. */
export interface EnqueueTask {
  /** The largest input, in bytes of its JSON text. */
  readonly payloadLimit: number;
  /** Stores one. */
  enqueue(definition: TaskDefinition, input: unknown, options?: EnqueueOptions): Promise<Receipt>;
  /** Stores many, or none if one is bad. */
  enqueueMany(
    definition: TaskDefinition,
    inputs: readonly unknown[],
    options?: EnqueueOptions,
  ): Promise<Receipt[]>;
}

/** Finds every task of a tree; throws `TypeError` for none, or for two of one name. */
export function collectTasks(tree: TaskTree): Map<string, TaskDefinition> {
  const found = new Map<string, TaskDefinition>();
  walk(tree, (definition) => {
    if (found.has(definition.name)) {
      throw new TypeError(`Cannot register task "${definition.name}" twice: names must differ`);
    }
    found.set(definition.name, definition);
    return undefined;
  });
  return found;
}

/** Binds every task of a tree to its enqueuer. */
export function bindTasks<T extends TaskTree>(tree: T, enqueuer: EnqueueTask): BoundTree<T> {
  return walk(tree, (definition) => bindTask(definition, enqueuer)) as BoundTree<T>;
}

function bindTask(definition: TaskDefinition, enqueuer: EnqueueTask): BoundTask {
  const call = (input: unknown, ctx?: Partial<TaskContext>) =>
    runInPlace<unknown>(definition, input, ctx);
  return Object.assign(call, {
    taskName: definition.name,
    payloadLimit: enqueuer.payloadLimit,
    enqueue: (input: unknown, options?: EnqueueOptions) =>
      enqueuer.enqueue(definition, input, options),
    enqueueMany: (inputs: readonly unknown[], options?: EnqueueOptions) =>
      enqueuer.enqueueMany(definition, inputs, options),
  });
}

type Visit = (definition: TaskDefinition) => unknown;

function walk(tree: TaskTree, visit: Visit): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, node] of Object.entries(tree)) {
    const definition = definitionOf(node);
    out[name] = definition ? visit(definition) : walkGroup(name, node, visit);
  }
  return out;
}

function walkGroup(name: string, group: unknown, visit: Visit): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  if (typeof group === "object" && group !== null) {
    for (const key of memberNames(group)) {
      const definition = memberTask(group, key);
      if (definition) out[key] = visit(definition);
      else if (typeof (group as Members)[key] === "function") explain(out, key, name);
      else if (isPlain(group)) refuseGroup(`${name}.${key}`, (group as Members)[key]);
    }
  }
  if (Object.keys(out).length > 0) return out;
  throw new TypeError(
    `Cannot use tasks.${name}: expected a task of defineTask(…), ` +
      `or an instance of a class with @task methods`,
  );
}

type Members = Readonly<Record<string, unknown>>;

// The compiler cannot see which methods bear `@task`: whoever uses another one is told here.
function explain(out: Record<string, unknown>, key: string, group: string): void {
  const get = () => {
    throw new TypeError(
      `Cannot use tasks.${group}.${key}: the method is not a task, give it @task`,
    );
  };
  Object.defineProperty(out, key, { get });
}

// Else its tasks would be left out in silence. An instance may hold whatever it likes.
function refuseGroup(name: string, member: unknown): void {
  if (typeof member !== "object" || member === null) return;
  if (![...memberNames(member)].some((key) => memberTask(member, key))) return;
  throw new TypeError(`Cannot use tasks.${name}: a group holds tasks, not groups of them`);
}

function isPlain(group: object): boolean {
  const prototype = Object.getPrototypeOf(group);
  return prototype === Object.prototype || prototype === null;
}

// Own members, then those of the class and its parents.
function memberNames(group: object): Set<string> {
  const names = new Set<string>();
  for (const at of lineage(group)) {
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      // A getter is never called for a look.
      if ("value" in property && name !== "constructor") names.add(name);
    }
  }
  return names;
}

/**
 * Finds the task of a member. A decorated method needs its instance; what overrides it is that task,
 * too, unless it is decorated itself. A task of defineTask() stands alone.
 */
function memberTask(group: object, name: string): TaskDefinition | undefined {
  for (const at of lineage(group)) {
    const carrier = Object.getOwnPropertyDescriptor(at, name)?.value;
    const definition = definitionOf(carrier);
    if (definition === undefined) continue;
    if (definition.run !== carrier || carrier === undefined) return definition;
    const method = (group as Members)[name];
    if (typeof method !== "function") return undefined;
    return { ...definition, run: (input, ctx) => method.call(group, input, ctx) };
  }
  return undefined;
}

function* lineage(group: object): Generator<object> {
  for (let at = group; at && at !== Object.prototype; at = Object.getPrototypeOf(at)) yield at;
}

function definitionOf(node: unknown): TaskDefinition | undefined {
  return (node as Partial<TaskContract> | undefined | null)?.[DEFINITION];
}
