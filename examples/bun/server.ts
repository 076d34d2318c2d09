// bunx jsr add @dabba/queue && bun add hono zod && PORT=8000 bun server.ts
/**
 * How does a server on Bun answer and work in one process?
 *
 * Messages lie in the file dabba.db, or in Redis if UPSTASH_REDIS_REST_URL and …_TOKEN are set.
 */
// deno-lint-ignore-file no-console -- it says where it is
import { Dabba, defineTask } from "@dabba/queue";
import { dabbaRoutes, enqueue, withTasks } from "@dabba/queue/hono";
import { Hono } from "hono";
import { z } from "zod";

// In place of @types/bun.
declare const Bun: {
  readonly env: Readonly<Record<string, string | undefined>>;
  serve(options: { port: number; fetch(request: Request): Response | Promise<Response> }): {
    readonly port: number;
    stop(): Promise<void>;
  };
};

const welcome = defineTask("email.welcome", {
  input: z.object({ email: z.email() }),
  timeout: "30s",
}, ({ email }) => ({ sentTo: email }));

const dabba = new Dabba({ tasks: { welcome } });
const stopping = new AbortController();
const routes = dabbaRoutes(dabba, {
  secret: Bun.env["DABBA_SECRET"] ?? crypto.randomUUID(),
  signal: stopping.signal, // ends the streams of events, which would hold the server up
});

const app = new Hono()
  .use(withTasks(dabba))
  .post("/welcome", enqueue(dabba.tasks.welcome))
  .route("/dabba", routes);

const server = Bun.serve({ port: Number(Bun.env["PORT"] ?? 8000), fetch: app.fetch });
console.log(`Listening on http://localhost:${server.port}`);
await dabba.worker().run(); // until SIGINT or SIGTERM
stopping.abort();
await server.stop();
await dabba.close();
