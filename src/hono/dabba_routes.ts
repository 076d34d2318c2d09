/** The routes: a Hono app to mount, so that tasks and messages are reached over HTTP. */

import { Hono } from "hono";
import type { TaskTree } from "../bound_tasks.ts";
import type { TickOptions } from "../cron.ts";
import type { Dabba } from "../dabba.ts";
import { type Duration, durationMs } from "../duration.ts";
import { checkKnown, type Known } from "../known_options.ts";
import type { Producer } from "../producer/producer.ts";
import type { AnyContext, Serve } from "./answer.ts";
import { refuseDrain, serveDrain } from "./drain_route.ts";
import { refuse } from "./errors.ts";
import { serveHealth } from "./healthz_route.ts";
import { serveEvents, serveMessage } from "./messages_routes.ts";
import { serveMetrics } from "./metrics_route.ts";
import { OPENAPI_OPTIONS, type OpenApiOptions, type ServedRoutes } from "./openapi/document.ts";
import { serveOpenApi } from "./openapi_route.ts";
import type { AnyInput, DabbaApp, ProducerApp } from "./routes_schema.ts";
import { Secrets } from "./secret.ts";
import { serveTask } from "./tasks_route.ts";

/** Says how the routes are served. */
export interface DabbaRoutesOptions {
  /**
   * The bearer secret, or several of which each opens, to change it without a gap. Make it random and
   * long, such as by `openssl rand -hex 32`.
   */
  readonly secret?: string | readonly string[];
  /** Switches routes off. @default all are served; `metrics` only if there is a secret */
  readonly routes?: {
    /** Serves `POST /tasks/:name`. */
    readonly tasks?: boolean;
    /** Serves `POST /drain` and `GET /drain`. */
    readonly drain?: boolean;
    /** Serves `GET /metrics`. */
    readonly metrics?: boolean;
    /** Serves `GET /openapi.json`. */
    readonly openapi?: boolean;
  };
  /** Who may read a message: who knows its id, or only who has the secret too. @default "open" */
  readonly messages?: "open" | "secret";
  /** Who may read `/openapi.json`, what it is called, and how schemas are told. */
  readonly openapi?: OpenApiOptions;
  /** How `/drain` drains; its `budget` is the most that a request may ask for. @default 50 seconds */
  readonly drain?: TickOptions;
  /** How long one stream of events lasts; browsers then come back by themselves. @default "5m" */
  readonly eventsFor?: Duration;
  /** Ends the streams of events when it aborts, so that a server can shut down; browsers come back. */
  readonly signal?: AbortSignal;
  /** How long a ready message may wait before `/healthz` answers 503. @default "5m" */
  readonly objective?: Duration;
  /** How long the store may take to answer `/healthz`. @default "3s" */
  readonly healthDeadline?: Duration;
}

const ROUTES_OPTIONS: Known<DabbaRoutesOptions> = {
  secret: true,
  routes: true,
  messages: true,
  openapi: true,
  drain: true,
  eventsFor: true,
  signal: true,
  objective: true,
  healthDeadline: true,
};
const ROUTES: Known<NonNullable<DabbaRoutesOptions["routes"]>> = {
  tasks: true,
  drain: true,
  metrics: true,
  openapi: true,
};

/** Says how the routes of a producer are served. */
export interface ProducerRoutesOptions extends Omit<DabbaRoutesOptions, "routes" | "drain"> {
  /** Switches routes off. @default all are served; `metrics` only if there is a secret */
  readonly routes?: Omit<NonNullable<DabbaRoutesOptions["routes"]>, "drain">;
}

/**
 * Makes the routes, to be mounted: `app.route("/dabba", dabbaRoutes(dabba, { secret }))`.
 *
 * - `POST /tasks/:name` enqueues the JSON body; needs the secret.
 * - `GET /messages/:id` tells where a message stands, `GET /messages/:id/events` follows it.
 * - `POST /drain` and `GET /drain` run what is due; need the secret.
 * - `GET /healthz` answers 503 when the store cannot be used or messages wait too long.
 * - `GET /metrics` counts for Prometheus; needs the secret.
 * - `GET /openapi.json` describes all of this and each task, for other languages.
 *
 * ```ts
 * import { Dabba, defineTask } from "@dabba/queue";
 * import { dabbaRoutes } from "@dabba/queue/hono";
 * import { sqliteBroker } from "@dabba/queue/sqlite";
 * import { Hono } from "hono";
 * import { z } from "zod";
 *
 * const greet = defineTask("greet", { input: z.object({ name: z.string() }) }, ({ name }) => name);
 * const dabba = new Dabba({ broker: sqliteBroker({ path: ":memory:" }), tasks: { greet } });
 *
 * const secret = crypto.randomUUID();
 * const app = new Hono().route("/dabba", dabbaRoutes(dabba, { secret }));
 *
 * const headers = { authorization: `Bearer ${secret}` };
 * const response = await app.request("/dabba/drain", { method: "POST", headers });
 * console.log((await response.json()).ended); // empty
 * await dabba.close();
 * ```
 *
 * @throws {TypeError | RangeError} when an option is not usable, or a secret is needed and missing.
 */
export function dabbaRoutes<T extends TaskTree>(
  dabba: Dabba<T>,
  options?: DabbaRoutesOptions,
): DabbaApp<AnyInput<T>>;
/** Makes the routes of a producer: all but `/drain`, for which a worker is needed. */
export function dabbaRoutes<T extends TaskTree>(
  producer: Producer<T>,
  options?: ProducerRoutesOptions,
): ProducerApp<AnyInput<T>>;
export function dabbaRoutes(
  dabba: Dabba | Producer,
  options: DabbaRoutesOptions = {},
): unknown {
  checkOptions(options);
  const canDrain = "worker" in dabba && hasHandlers(dabba);
  const secrets = new Secrets(options.secret);
  const { openapi: described, ...served } = servedRoutes(options, secrets, canDrain);
  const { tasks, drain, metrics } = served;
  const closed = served.messages === "secret";
  const guarded = (serve: Serve): Serve => guard(serve, secrets);
  const app = new Hono();
  app.onError((error, c) => refuse(c, error));
  if (tasks) app.post("/tasks/:name", guarded(serveTask(dabba)));
  if (drain) app.on(["GET", "POST"], "/drain", guarded(serveDrain(dabba, options.drain ?? {})));
  // Where it was switched off, the path is the app's own.
  else if (options.routes?.drain !== false) app.on(["GET", "POST"], "/drain", refuseDrain);
  const message = serveMessage(dabba);
  app.get("/messages/:id", closed ? guarded(message) : message);
  const maxMs = durationMs(options.eventsFor ?? "5m", "eventsFor");
  const events = serveEvents(dabba, { maxMs, closing: options.signal });
  app.get("/messages/:id/events", closed ? guarded(events) : events);
  const objectiveMs = durationMs(options.objective ?? "5m", "objective");
  const deadlineMs = durationMs(options.healthDeadline ?? "3s", "healthDeadline");
  app.get("/healthz", serveHealth(dabba, secrets, { objectiveMs, deadlineMs }));
  if (metrics) app.get("/metrics", guarded(serveMetrics(dabba)));
  if (described) {
    const document = serveOpenApi(dabba, served, options.openapi ?? {});
    app.get("/openapi.json", options.openapi?.access === "secret" ? guarded(document) : document);
  }
  return app;
}

const NO_SECRET =
  "Cannot serve the routes without a secret: give dabbaRoutes(dabba, { secret }), " +
  "or switch off what needs it with { routes: { tasks: false, drain: false } }, " +
  'without metrics, and with messages and openapi.access other than "secret"';

function servedRoutes(
  { routes = {}, messages = "open", openapi }: DabbaRoutesOptions,
  secrets: Secrets,
  canDrain: boolean,
): ServedRoutes & { readonly openapi: boolean } {
  const { tasks = true, drain = canDrain, metrics = !secrets.none, openapi: described = true } =
    routes;
  const closed = messages === "secret" || (described && openapi?.access === "secret");
  if (secrets.none && (tasks || drain || metrics || closed)) throw new TypeError(NO_SECRET);
  return { tasks, drain, metrics, messages, openapi: described };
}

// What closes a door must not fail to by a slip of the pen.
function checkOptions(options: DabbaRoutesOptions): void {
  checkKnown(options, ROUTES_OPTIONS, "serve the routes");
  checkKnown(options.routes, ROUTES, "switch routes");
  checkKnown(options.openapi, OPENAPI_OPTIONS, "serve /openapi.json");
  const { messages, openapi } = options;
  for (const [name, value] of Object.entries({ messages, "openapi.access": openapi?.access })) {
    if (value === undefined || value === "open" || value === "secret") continue;
    throw new TypeError(`Cannot use ${name} "${value}": it must be "open" or "secret"`);
  }
}

// Without any, a drain would only put messages off; without tasks, there are none to put off.
function hasHandlers({ definitions }: Dabba): boolean {
  return definitions.length === 0 || definitions.some(({ run }) => run !== undefined);
}

function guard(serve: Serve, secrets: Secrets): Serve {
  return async function guarded(c: AnyContext) {
    await secrets.require(c);
    return await serve(c);
  };
}
