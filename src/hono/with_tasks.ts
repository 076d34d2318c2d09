/** The middleware: puts the tasks into each request's context. */

import type { MiddlewareHandler } from "hono";
import type { BoundTree, TaskTree } from "../bound_tasks.ts";
import type { Dabba } from "../dabba.ts";
import type { Kick, KickOptions } from "../kick.ts";
import { checkKnown, type Known } from "../known_options.ts";
import { partsOf, type Producer } from "../producer/producer.ts";
import { beginVisit, DEFAULT_MOUNT, mountOf } from "./visit.ts";
import { waitUntil } from "./wait_until.ts";

/** Says how the middleware serves its app. */
export interface WithTasksOptions {
  /**
   * Where `dabbaRoutes` is mounted, seen from the app that uses this middleware.
   * @default "/dabba"
   */
  readonly mountedAt?: string;
  /**
   * After a request that has enqueued something, drain a little within its `waitUntil`, so that a
   * deployment with only a cron starts work at once. `{}` switches it on.
   * @default off
   */
  readonly kick?: KickOptions;
}

const WITH_TASKS_OPTIONS: Known<WithTasksOptions> = { mountedAt: true, kick: true };

/**
 * Is the middleware, as Hono infers `c.var.tasks` from it.
 *
 * @internal
 */
export type TasksMiddleware<Tasks> = MiddlewareHandler<{ Variables: { tasks: Tasks } }>;

/**
 * Puts the tasks into `c.var.tasks`, typed.
 *
 * ```ts
 * import { Dabba, defineTask } from "@dabba/queue";
 * import { enqueued, withTasks } from "@dabba/queue/hono";
 * import { sqliteBroker } from "@dabba/queue/sqlite";
 * import { Hono } from "hono";
 * import { z } from "zod";
 *
 * const greet = defineTask("greet", { input: z.object({ name: z.string() }) }, ({ name }) => name);
 * const dabba = new Dabba({ broker: sqliteBroker({ path: ":memory:" }), tasks: { greet } });
 *
 * const app = new Hono().use(withTasks(dabba)).post("/greetings", async (c) => {
 *   return enqueued(c, await c.var.tasks.greet.enqueue({ name: "Ada" }));
 * });
 *
 * const response = await app.request("/greetings", { method: "POST" });
 * console.log(response.status, response.headers.get("location")); // 202 /dabba/messages/…
 * await dabba.close();
 * ```
 *
 * @throws {TypeError | RangeError} when an option is not usable.
 */
export function withTasks<T extends TaskTree>(
  dabba: Dabba<T>,
  options?: WithTasksOptions,
): TasksMiddleware<BoundTree<T>>;
/** Puts a producer's tasks into `c.var.tasks`, typed; without a worker there is nothing to kick. */
export function withTasks<T extends TaskTree>(
  producer: Producer<T>,
  options?: Omit<WithTasksOptions, "kick">,
): TasksMiddleware<BoundTree<T>>;
export function withTasks<T extends TaskTree>(
  dabba: Dabba<T> | Producer<T>,
  options: WithTasksOptions = {},
): TasksMiddleware<BoundTree<T>> {
  checkKnown(options, WITH_TASKS_OPTIONS, "use withTasks()");
  const mountedAt = checkMount(options.mountedAt ?? DEFAULT_MOUNT);
  const kick = options.kick && kickOf(dabba, options.kick);
  return async function tasks(c, next): Promise<void> {
    const mount = mountOf(c, mountedAt);
    if (kick === undefined) {
      beginVisit(c, { mount, enqueued() {} });
      c.set("tasks", dabba.tasks);
      return await next();
    }
    const kicker = kick.after((work) => waitUntil(c, work));
    const enqueued = () => kicker.enqueued();
    beginVisit(c, { mount, enqueued });
    c.set("tasks", (dabba as Dabba<T>).observed(enqueued));
    try {
      await next();
    } finally {
      kicker.answered();
    }
  };
}

function kickOf<T extends TaskTree>(producer: Producer<T>, options: KickOptions): Kick {
  const { kick } = partsOf(producer);
  if (kick !== undefined) return kick(options);
  throw new TypeError("Cannot kick: a Producer has no worker; give a Dabba, or leave kick out");
}

function checkMount(path: string): string {
  if (typeof path === "string" && /^\/[^?#]*$/.test(path)) return path;
  throw new TypeError(`Cannot use mountedAt "${path}": expected a path such as "/dabba"`);
}
