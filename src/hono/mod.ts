/**
 * Dabba in a Hono app: typed tasks in the context, 202 with a Location, and routes for the rest.
 *
 * ```ts
 * import { Dabba, defineTask } from "@dabba/queue";
 * import { dabbaRoutes, enqueue, enqueued, withTasks } from "@dabba/queue/hono";
 * import { sqliteBroker } from "@dabba/queue/sqlite";
 * import { Hono } from "hono";
 * import { z } from "zod";
 *
 * const input = z.object({ email: z.email() });
 * const welcome = defineTask("email.welcome", { input }, ({ email }) => `Sent to ${email}`);
 * const dabba = new Dabba({ broker: sqliteBroker({ path: ":memory:" }), tasks: { welcome } });
 * const secret = crypto.randomUUID();
 *
 * const app = new Hono()
 *   .use(withTasks(dabba)) // typed: c.var.tasks.welcome
 *   .post("/sign-up", async (c) => {
 *     const { email } = await c.req.json();
 *     const receipt = await c.var.tasks.welcome.enqueue({ email }, { delay: "10s" });
 *     return enqueued(c, receipt); // 202, Location, Retry-After
 *   })
 *   .post("/welcome", enqueue(dabba.tasks.welcome)) // the same, ready made
 *   .route("/dabba", dabbaRoutes(dabba, { secret })); // status, drain, health, OpenAPI
 *
 * const body = JSON.stringify({ email: "ada@example.com" });
 * const headers = { "content-type": "application/json" };
 * const response = await app.request("/welcome", { method: "POST", headers, body });
 * const message = await app.request(response.headers.get("location")!);
 * console.log(response.status, (await message.json()).state); // 202 ready
 * await dabba.close();
 * ```
 *
 * It runs wherever Hono does.
 *
 * @module
 */

// Each entry point documents every type that its signatures name, those of the core included.
export type * from "../../mod.ts";
export type { AnyContext } from "./answer.ts";
export type { DabbaRoutesOptions, ProducerRoutesOptions } from "./dabba_routes.ts";
export { dabbaRoutes } from "./dabba_routes.ts";
export type { EnqueueHandler, Mapped, Mapper, RefusedResponse } from "./enqueue.ts";
export { enqueue } from "./enqueue.ts";
export type { EnqueuedBody, EnqueuedResponse, Proof } from "./enqueued.ts";
export { enqueued } from "./enqueued.ts";
export type { ErrorBody } from "./errors.ts";
export type { HealthBody, QueueBody } from "./healthz_route.ts";
export type { KickOptions } from "../kick.ts";
export type { MessageBody } from "./message_body.ts";
export type { OpenApiOptions } from "./openapi/document.ts";
export type { OpenApiBody } from "./openapi_route.ts";
export type {
  AnyInput,
  DabbaApp,
  DabbaSchema,
  JsonEndpoint,
  ProducerApp,
} from "./routes_schema.ts";
export type { TaskQuery } from "./task_query.ts";
export type { DuplicateBody } from "./tasks_route.ts";
export type { TasksMiddleware, WithTasksOptions } from "./with_tasks.ts";
export { withTasks } from "./with_tasks.ts";
