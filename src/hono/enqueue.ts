/** A ready route handler: one that enqueues what it is sent. */

import type { Env, Handler, Input, TypedResponse } from "hono";
import type { BoundTask } from "../bound_tasks.ts";
import { checkOptions, type EnqueueOptions } from "../enqueuer.ts";
import type { AnyContext } from "./answer.ts";
import { readJson } from "./body.ts";
import { enqueued, type EnqueuedResponse } from "./enqueued.ts";
import { asOptions, type ErrorBody, refuse } from "./errors.ts";

/** Is what a mapper makes of a request: the input, and how it is enqueued. */
export interface Mapped<In> {
  /** The task's input. */
  readonly input: In;
  /** The options of this enqueue. */
  readonly options?: EnqueueOptions;
}

/**
 * Makes a request into an input, or answers it with a response of its own. `json` reads the body as
 * JSON, no further than the payload limit; the task's schema checks what it gives. A mapper that
 * reads the body by other means sets its own limit, such as with Hono's `bodyLimit`.
 */
export type Mapper<In> = (
  c: AnyContext,
  json: () => Promise<In>,
) => Mapped<In> | Response | Promise<Mapped<In> | Response>;

/**
 * Is a refusal as Hono's RPC client knows it.
 *
 * @internal
 */
export type RefusedResponse =
  & Response
  & TypedResponse<ErrorBody, 400 | 413 | 415 | 500 | 503, "json">;

/**
 * Is the handler, as Hono's RPC client infers the body from it.
 *
 * @internal
 */
export type EnqueueHandler<Body extends Input> = Handler<
  Env,
  string,
  Body,
  Promise<EnqueuedResponse | RefusedResponse>
>;

/**
 * Makes a route handler that enqueues the JSON body, or what the mapper makes of the request.
 *
 * It answers 202 as `enqueued` does, 400 with the schema's issues, 413, 415, or 503 while the store
 * cannot be reached. A duplicate is answered with 202 and the first message's id.
 *
 * ```ts
 * import { Dabba, defineTask } from "@dabba/queue";
 * import { enqueue, withTasks } from "@dabba/queue/hono";
 * import { memoryBroker } from "@dabba/queue/testing";
 * import { Hono } from "hono";
 * import { z } from "zod";
 *
 * const report = defineTask("report", { input: z.object({ user: z.string() }) }, () => {});
 * const dabba = new Dabba({ broker: memoryBroker(), tasks: { report } });
 * const app = new Hono()
 *   .use(withTasks(dabba))
 *   .post("/reports", enqueue(dabba.tasks.report))
 *   .post(
 *     "/users/:id/report",
 *     enqueue(dabba.tasks.report, (c) => ({
 *       input: { user: c.req.param("id") ?? "" },
 *       options: { dedupe: { key: c.req.param("id") ?? "", ttl: "1h" } },
 *     })),
 *   );
 * const response = await app.request("/users/ada/report", { method: "POST" });
 * console.log(response.status); // 202
 * ```
 */
export function enqueue<In, Out>(
  task: BoundTask<In, Out>,
): EnqueueHandler<{ in: { json: In }; out: { json: In } }>;
/** Makes a route handler that enqueues what the mapper makes of the request. */
export function enqueue<In, Out>(
  task: BoundTask<In, Out>,
  mapper: Mapper<In>,
): EnqueueHandler<{ in: Record<never, never>; out: Record<never, never> }>;
export function enqueue(
  task: BoundTask,
  mapper: Mapper<unknown> = async (_c, json) => ({ input: await json() }),
): unknown {
  if (typeof task?.enqueue !== "function") {
    throw new TypeError(
      "Cannot make a handler of this: expected a task such as dabba.tasks.welcome",
    );
  }
  return async function enqueueTask(c: AnyContext): Promise<Response> {
    try {
      const mapped = await mapper(c, () => readJson(c, task.payloadLimit));
      if (mapped instanceof Response) return mapped;
      const { input, options = {} } = mapped;
      asOptions(() => checkOptions(options));
      return enqueued(c, await task.enqueue(input, options));
    } catch (error) {
      return refuse(c, error);
    }
  };
}
