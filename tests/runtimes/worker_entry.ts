/** The app as a Cloudflare Worker, with cron triggers. */
import { scheduled } from "@dabba/queue";
import { app, dabba } from "./edge_app.ts";

export default { fetch: app.fetch, scheduled: scheduled(dabba) };
