/** A producer as it is deployed to an edge: made at module scope, it only enqueues. */
import { Producer, redisProducer } from "@dabba/queue/producer";
import { enqueued, withTasks } from "@dabba/queue/hono";
import { Hono } from "hono";
import { greet } from "./producer_contract.ts";

declare global {
  /** Where the store is; the bundler writes it in. */
  const STORE: { readonly url: string; readonly token: string; readonly namespace: string };
}

const producer = new Producer({ broker: redisProducer(STORE), tasks: { greet } });

const app = new Hono().use(withTasks(producer)).post("/greetings/:name", async (c) => {
  return enqueued(c, await c.var.tasks.greet.enqueue({ name: c.req.param("name") }));
});

export default { fetch: app.fetch };
