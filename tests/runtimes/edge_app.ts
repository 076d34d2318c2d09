/** An app as it is deployed to an edge: made at module scope, with the suite behind a route. */
import { Dabba, defineTask, redisBroker } from "@dabba/queue";
import { dabbaRoutes, enqueue, withTasks } from "@dabba/queue/hono";
import { Hono } from "hono";
import { z } from "zod";
import { type Place, runSuite } from "./suite.ts";

declare global {
  /** Where the store is; the bundler writes it in. */
  const PLACE: Place;
}

const greet = defineTask("greet", { input: z.object({ name: z.string() }) }, ({ name }) => {
  return `Hello, ${name}`;
});

/** The queue of the app. */
export const dabba = new Dabba({ broker: redisBroker(PLACE), tasks: { greet } });

/** The app: `/later` leaves the work to a tick, `/kicked` does it within `waitUntil`. */
export const app = new Hono()
  .get("/suite", async (c) => c.json(await runSuite(PLACE)))
  .use("/kicked", withTasks(dabba, { kick: { budget: "5s" } }))
  .post("/kicked", enqueue(dabba.tasks.greet))
  .use("/later", withTasks(dabba))
  .post("/later", enqueue(dabba.tasks.greet))
  // The platform's cron sends it: CRON_SECRET at Vercel.
  .route("/dabba", dabbaRoutes(dabba, { secret: PLACE.token }));
