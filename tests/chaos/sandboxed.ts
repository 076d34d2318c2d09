/** The heart of the library under the permissions that its documentation names; R39 starts it. */
// deno-lint-ignore-file no-console -- R39 reads what it says

import { Hono } from "hono";
import { Dabba, defineTask } from "../../mod.ts";
import { dabbaRoutes, enqueue, enqueued, withTasks } from "../../src/hono/mod.ts";
import { passing } from "./jobs.ts";

const SECRET = "the-secret-of-the-sandbox";
const greet = defineTask("greet", { input: passing<string>() }, (name, ctx) => {
  ctx.progress("half");
  return `Hello ${name}`;
});
const twice = defineTask("twice", { input: passing<null>(), backoff: [1] }, (_, { attempt }) => {
  if (attempt === 1) throw new Error("once");
});
const dies = defineTask("dies", { input: passing<null>(), backoff: [] }, () => {
  throw new Error("always");
});
// The broker comes from the environment, or is the default one: a file.
const dabba = new Dabba({ tasks: { greet, twice, dies } });
const app = new Hono()
  .use(withTasks(dabba))
  .post("/greet", enqueue(dabba.tasks.greet))
  .post("/own", async (c) => enqueued(c, await dabba.tasks.twice.enqueue(null)))
  .route("/dabba", dabbaRoutes(dabba, { secret: SECRET }));
const headers = { authorization: `Bearer ${SECRET}`, "content-type": "application/json" };
const post = (path: string, body = "null") => app.request(path, { method: "POST", headers, body });

const statuses = [
  (await post("/greet", '"Ada"')).status,
  (await post("/own")).status,
  (await post("/dabba/tasks/dies")).status,
];
const receipt = await dabba.tasks.greet.enqueue("Grace");
const stop = new AbortController();
const running = dabba.worker({ polling: { min: 10, max: 50 } }).run({ signal: stop.signal });
const output = await receipt.result({ timeout: "10s" });
while ((await dabba.inspect.stats()).queues.length > 0) {
  await new Promise((resolve) => setTimeout(resolve, 20));
}
stop.abort();
await running;
const { letters } = await dabba.inspect.dead();
const redriven = await dabba.redrive({ all: true });
statuses.push((await post("/dabba/drain")).status, (await app.request("/dabba/healthz")).status);
await dabba.close();
console.log(JSON.stringify({ output, statuses, dead: letters.length, redriven }));
