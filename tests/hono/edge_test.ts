/** The routes on a runtime without Deno, process and permissions, as on workerd. */
import { assertEquals } from "@std/assert";
import { runLikeWorkerd } from "../support/like_workerd.ts";

const WORKER = `
  const { Dabba, defineTask, redisBroker } = await import("./mod.ts");
  const { dabbaRoutes, enqueue, withTasks } = await import("./src/hono/mod.ts");
  const { Hono } = await import("hono");
  const { z } = await import("zod");
  const broker = redisBroker({ url: "https://redis.example", token: "token", retries: 0 });
  const greet = defineTask("greet", { input: z.object({ name: z.string() }) }, () => {});
  const dabba = new Dabba({ broker, tasks: { greet }, log: false });
  const app = new Hono()
    .use(withTasks(dabba, { kick: {} }))
    .post("/", enqueue(dabba.tasks.greet))
    .route("/dabba", dabbaRoutes(dabba, { secret: "a-secret" }));
  inRequest();
  const headers = { "content-type": "application/json" };
  const post = (body) => app.request("/", { method: "POST", headers, body });
  const answers = [
    await post("{}"),
    await post('{"name":"Ada"}'),
    await app.request("/dabba/drain", { method: "POST" }),
    await app.request("/dabba/drain?budget=5s", { headers: { authorization: "Bearer a-secret" } }),
    await app.request("/dabba/messages/a/events"),
    await app.request("/dabba/healthz"),
  ];
  console.log(answers.map(({ status }) => status).join(" "));
`;

Deno.test("The middleware and the routes begin and answer as on workerd", async () => {
  const { out, complaints } = await runLikeWorkerd(WORKER);
  assertEquals([out, complaints], ["400 503 401 503 503 503\n", ""]);
});
