// deno run -A examples/rpc_client.ts
/**
 * How does a TypeScript client call the app, typed from the task's schema to the answer?
 *
 * By Hono's client: it takes the app's type alone, and none of its code.
 */
// deno-lint-ignore-file no-console -- the output is what it shows
import { Dabba, defineTask } from "@dabba/queue";
import { dabbaRoutes, enqueue, withTasks } from "@dabba/queue/hono";
import { sqliteBroker } from "@dabba/queue/sqlite";
import { Hono } from "hono";
import { hc } from "hono/client";
import { z } from "zod";

const welcome = defineTask("email.welcome", {
  input: z.object({ email: z.email() }),
  output: z.object({ messageId: z.string() }),
}, ({ email }) => ({ messageId: `<1@${email.split("@")[1]}>` }));

const dabba = new Dabba({ broker: sqliteBroker({ path: ":memory:" }), tasks: { welcome } });
const secret = crypto.randomUUID();

const app = new Hono()
  .use(withTasks(dabba))
  .post("/welcome", enqueue(dabba.tasks.welcome))
  .route("/dabba", dabbaRoutes(dabba, { secret }));
const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, app.fetch);

// From here on it could be another program, with `import type { App } from "./app.ts"`.
export type App = typeof app;
const client = hc<App>(`http://127.0.0.1:${server.addr.port}`);

const asked = await client.welcome.$post({ json: { email: "ada@example.com" } });
if (asked.status !== 202) throw new Error((await asked.json()).error.message);
const { id } = await asked.json();
await dabba.worker().drain();

const found = await client.dabba.messages[":id"].$get({ param: { id } });
if (!found.ok) throw new Error(`It answered ${found.status}`);
const { state, output } = await found.json(); // state: "scheduled" | "ready" | …
console.log(state, output);

await server.shutdown();
await dabba.close();
