// npx jsr add @dabba/queue && npm install hono zod && npx wrangler deploy
/**
 * How does a Cloudflare Worker run its tasks? By the cron trigger in wrangler.jsonc.
 *
 * With `nodejs_compat` its variables and secrets are in process.env, also while the module loads:
 * `npx wrangler secret put UPSTASH_REDIS_REST_URL`, …_TOKEN and DABBA_SECRET. For previews,
 * `wrangler deploy --env preview` keeps messages in a namespace of their own.
 */
import { Dabba, defineTask, redisBroker, scheduled } from "@dabba/queue";
import { dabbaRoutes, enqueue, withTasks } from "@dabba/queue/hono";
import { Hono } from "hono";
import process from "node:process";
import { z } from "zod";

const welcome = defineTask("email.welcome", {
  input: z.object({ email: z.email() }),
  backoff: ["1m", "5m", "15m"],
  timeout: "20s",
}, ({ email }) => ({ sentTo: email }));

const dabba = new Dabba({ broker: redisBroker(), tasks: { welcome } });
const { DABBA_SECRET: secret = "" } = process.env; // an empty one is refused, at once

const app = new Hono()
  .use(withTasks(dabba))
  .post("/welcome", enqueue(dabba.tasks.welcome))
  .route("/dabba", dabbaRoutes(dabba, { secret }));

// A tick sends no more requests to Redis than the free plan allows; your handlers' are yours to
// bound, such as by `max: 20`.
export default { fetch: app.fetch, scheduled: scheduled(dabba) };
