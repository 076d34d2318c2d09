// npx jsr add @dabba/queue && npm install hono @hono/node-server zod && PORT=8000 node server.ts
/**
 * How does a server on Node answer and work in one process? Node 24 runs this file as it is.
 *
 * Messages lie in the file dabba.db, or in Redis if UPSTASH_REDIS_REST_URL and …_TOKEN are set.
 */
// deno-lint-ignore-file no-console -- it says where it is
import { Dabba, defineTask } from "@dabba/queue";
import { dabbaRoutes, enqueue, withTasks } from "@dabba/queue/hono";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { randomUUID } from "node:crypto";
import process from "node:process";
import { z } from "zod";

const welcome = defineTask("email.welcome", {
  input: z.object({ email: z.email() }),
  timeout: "30s",
}, ({ email }) => ({ sentTo: email }));

const dabba = new Dabba({ tasks: { welcome } });
const stopping = new AbortController();
const routes = dabbaRoutes(dabba, {
  secret: process.env["DABBA_SECRET"] ?? randomUUID(),
  signal: stopping.signal, // ends the streams of events, which would hold the server up
});

const app = new Hono()
  .use(withTasks(dabba))
  .post("/welcome", enqueue(dabba.tasks.welcome))
  .route("/dabba", routes);

const port = Number(process.env["PORT"] ?? 8000);
const server = serve({ fetch: app.fetch, port }, ({ port }) => {
  console.log(`Listening on http://localhost:${port}`);
});
await dabba.worker().run(); // until SIGINT or SIGTERM
stopping.abort();
await new Promise((resolve) => server.close(resolve));
await dabba.close();
