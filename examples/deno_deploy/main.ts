// UPSTASH_REDIS_REST_URL=… UPSTASH_REDIS_REST_TOKEN=… deno run -A --unstable-cron examples/deno_deploy/main.ts
/**
 * How do app and worker fit into one file on Deno Deploy, where no process stays?
 *
 * The cron drains once a minute, the kick right after a request. Each branch has its own timeline,
 * and its messages a namespace of their own in the same Redis: it does not drain production.
 */
import { Dabba, defineTask, denoCron, redisBroker } from "@dabba/queue";
import { dabbaRoutes, enqueue, withTasks } from "@dabba/queue/hono";
import { Hono } from "hono";
import { z } from "zod";

const welcome = defineTask("email.welcome", {
  input: z.object({ email: z.email() }),
  backoff: ["1m", "5m", "15m"],
  timeout: "20s",
}, ({ email }) => ({ sentTo: email }));

const dabba = new Dabba({ broker: redisBroker(), tasks: { welcome } });

// At the top level, before Deno.serve: Deploy looks for crons when it deploys.
denoCron(dabba);

const app = new Hono()
  .use(withTasks(dabba, { kick: { budget: "25s" } })) // it must be longer than a task's timeout
  .post("/welcome", enqueue(dabba.tasks.welcome))
  .route(
    "/dabba",
    dabbaRoutes(dabba, { secret: Deno.env.get("DABBA_SECRET") ?? crypto.randomUUID() }),
  );

Deno.serve(app.fetch);
