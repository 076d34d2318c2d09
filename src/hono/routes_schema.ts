/** The routes as types: what Hono's RPC client `hc` knows of them. */

import type { Env, Hono } from "hono";
import type { BoundTask, BoundTree } from "../bound_tasks.ts";
import type { DrainSummary } from "../worker/worker.ts";
import type { EnqueuedBody } from "./enqueued.ts";
import type { ErrorBody } from "./errors.ts";
import type { HealthBody } from "./healthz_route.ts";
import type { MessageBody } from "./message_body.ts";
import type { OpenApiBody } from "./openapi_route.ts";
import type { TaskQuery } from "./task_query.ts";
import type { DuplicateBody } from "./tasks_route.ts";

/**
 * Is what any of the tasks takes.
 *
 * @internal
 */
export type AnyInput<T> = Known<InputOf<BoundTree<T>>>;

type InputOf<Node> = {
  [K in keyof Node]: Node[K] extends BoundTask<infer In, infer _Out> ? In : InputOf<Node[K]>;
}[keyof Node];

type Known<In> = [In] extends [never] ? unknown : In;

/**
 * Is one answer of a route.
 *
 * @internal
 */
export interface JsonEndpoint<Input, Output, Status extends number> {
  /** What is sent. */
  input: Input;
  /** What comes back. */
  output: Output;
  /** How it comes back. */
  outputFormat: "json";
  /** The status with it. */
  status: Status;
}

/**
 * Is what the routes take and give.
 *
 * @internal
 */
export type DabbaSchema<In> = {
  "/tasks/:name": { $post: TaskEndpoint<{ param: { name: string }; query?: TaskQuery; json: In }> };
  "/messages/:id": { $get: MessageEndpoint<{ param: { id: string } }> };
  "/messages/:id/events": { $get: EventsEndpoint<{ param: { id: string } }> };
  "/drain": { $post: DrainEndpoint; $get: DrainEndpoint };
  "/healthz": { $get: JsonEndpoint<Nothing, HealthBody, 200 | 503> };
  "/metrics": { $get: TextEndpoint | JsonEndpoint<Nothing, ErrorBody, 401 | 500 | 503> };
  "/openapi.json": {
    $get:
      | JsonEndpoint<Nothing, OpenApiBody, 200>
      | { input: Nothing; output: null; outputFormat: "body"; status: 304 }
      | JsonEndpoint<Nothing, ErrorBody, 401>;
  };
};

type Nothing = Record<never, never>;

type TextEndpoint = { input: Nothing; output: string; outputFormat: "text"; status: 200 };

type TaskEndpoint<Input> =
  | JsonEndpoint<Input, EnqueuedBody, 202>
  | JsonEndpoint<Input, DuplicateBody, 409>
  | JsonEndpoint<Input, ErrorBody, 400 | 401 | 404 | 413 | 415 | 500 | 503>;

type MessageEndpoint<Input> =
  | JsonEndpoint<Input, MessageBody, 200>
  | JsonEndpoint<Input, ErrorBody, 401 | 404 | 500 | 503>;

type EventsEndpoint<Input> =
  | { input: Input; output: unknown; outputFormat: "body"; status: 200 | 204 }
  | JsonEndpoint<Input, ErrorBody, 401 | 404 | 500 | 503>;

type DrainInput = { query?: { budget?: string } };

type DrainEndpoint =
  | JsonEndpoint<DrainInput, DrainSummary, 200>
  | JsonEndpoint<DrainInput, ErrorBody, 400 | 401 | 500 | 503>;

/**
 * Is the app with the routes, for `.route()`.
 *
 * @internal
 */
export type DabbaApp<In> = Hono<Env, DabbaSchema<In>, "/">;

/**
 * Is the app with the routes of a producer.
 *
 * @internal
 */
export type ProducerApp<In> = Hono<Env, Omit<DabbaSchema<In>, "/drain">, "/">;
