// vercel deploy --prod
/**
 * How does a Hono app on Vercel run its tasks? By the cron in vercel.json, which calls /dabba/drain.
 *
 * Vercel sends `Authorization: Bearer $CRON_SECRET`, if there is such a variable. Redis is that of
 * the marketplace's Upstash (`KV_REST_API_URL`, `KV_REST_API_TOKEN`); previews work in a namespace of
 * their own. On the Hobby plan a cron runs once a day: let another cron call the same URL there.
 */
import { Dabba, defineTask, redisBroker } from "@dabba/queue";
import { dabbaRoutes, enqueue, withTasks } from "@dabba/queue/hono";
import { Hono } from "hono";
import process from "node:process";
import { z } from "zod";

const report = defineTask("report.build", {
  input: z.object({ month: z.string().regex(/^\d{4}-\d{2}$/) }),
  timeout: "40s",
}, ({ month }) => ({ file: `reports/${month}.pdf` }));

const dabba = new Dabba({ broker: redisBroker(), tasks: { report } });
const { CRON_SECRET: secret = "" } = process.env; // an empty one is refused, at once

const app: Hono = new Hono();
app
  .use(withTasks(dabba))
  .post("/reports", enqueue(dabba.tasks.report))
  .route("/dabba", dabbaRoutes(dabba, { secret, drain: { budget: "50s" } }));

export default app;
