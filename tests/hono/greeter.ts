/** An application for the tests of Hono: a few tasks on SQLite in memory, and requests to it. */
import {
  type Broker,
  BrokerError,
  Dabba,
  DeferError,
  defineTask,
  RejectError,
  type Task,
  type TaskContext,
} from "@dabba/queue";
import { sqliteBroker } from "@dabba/queue/sqlite";
import { Hono } from "hono";
import { z } from "zod";
import { dabbaRoutes, type DabbaRoutesOptions } from "@dabba/queue/hono";

/** A secret that opens the routes. */
export const SECRET = "lunch-at-twelve-sharp";

/** What every test of routes sends along. */
export const BEARER: Record<string, string> = { authorization: `Bearer ${SECRET}` };

const input = z.object({ name: z.string().min(1) });

const greet = defineTask("greet", { input }, ({ name }): string => `Hello, ${name}`);

const refuse = defineTask("refuse", { input }, ({ name }): never => {
  throw new RejectError(`No, ${name}`);
});

const later = defineTask("later", { input }, (): never => {
  throw new DeferError({ delay: "1h" });
});

const stumble = defineTask("stumble", { input }, (): never => {
  throw new TypeError("stumbled over a stone");
});

const odd = defineTask("odd", {
  input: z.unknown().refine(() => {
    throw new TypeError("a schema with a bug");
  }),
}, () => {});

const anything = defineTask("anything", { input: z.unknown() }, (given: unknown) => given);

type Named = { name: string };

/** The tasks of the tests. */
export type Tasks = {
  readonly greet: Task<Named, Named, string>;
  readonly refuse: Task<Named, Named, unknown>;
  readonly later: Task<Named, Named, unknown>;
  readonly stumble: Task<Named, Named, unknown>;
  readonly odd: Task;
  readonly anything: Task;
  readonly custom: Task<Named, Named, unknown>;
};

type Work = (given: Named, ctx: TaskContext) => unknown;

function tasksWith(work: Work): Tasks {
  const custom = defineTask("custom", { input, timeout: "20s" }, work);
  return { greet, refuse, later, stumble, odd, anything, custom };
}

/** What may differ from test to test. */
export interface GreeterOptions {
  /** @default SQLite in memory */
  readonly broker?: Broker;
  readonly payloadLimit?: number;
  /** What the task `custom` does. */
  readonly work?: Work;
}

/** Makes a Dabba with the tasks; close it, or declare it with `await using`. */
export function greeter(options: GreeterOptions = {}): Dabba<Tasks> {
  const { broker = sqliteBroker({ path: ":memory:" }), work = () => "done", ...rest } = options;
  return new Dabba({ broker, tasks: tasksWith(work), log: false, ...rest });
}

/** Mounts the routes of a Dabba where users do. */
export function routes(dabba: Dabba<Tasks>, options: DabbaRoutesOptions = {}): Hono {
  return new Hono().route("/dabba", dabbaRoutes(dabba, { secret: SECRET, ...options })) as never;
}

/** A POST with a JSON body. */
export function json(body: unknown, headers: Record<string, string> = {}): RequestInit {
  const type = { "content-type": "application/json" };
  return { method: "POST", headers: { ...type, ...headers }, body: JSON.stringify(body) };
}

/** Puts something in the place of one operation of a broker. */
export function broken<K extends keyof Broker>(
  broker: Broker,
  operation: K,
  instead: (call: Broker[K]) => Broker[K],
): Broker {
  return new Proxy(broker, {
    get(target, key) {
      const value = target[key as keyof Broker];
      const call = typeof value === "function" ? value.bind(target) : value;
      return key === operation ? instead(call as Broker[K]) : call;
    },
  });
}

/** A SQLite broker, one operation of which fails as a store that is away does. */
export function failing(
  operation: keyof Broker,
  options: { retryable: boolean; full?: boolean } = { retryable: true },
): Broker {
  const error = new BrokerError(operation, "the host redis.internal is away", options);
  const fails = () => Promise.reject(error);
  return broken(sqliteBroker({ path: ":memory:" }), operation, () => fails as never);
}
