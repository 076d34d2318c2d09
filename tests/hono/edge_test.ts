/** The routes on a runtime without Deno, process and permissions, as on workerd. */
import { assertEquals } from "@std/assert";
import { ROOT } from "../support/project.ts";

/** Fails for what workerd refuses at module scope, and takes away what it has not got. */
const LIKE_WORKERD = `
  const real = { setTimeout, getRandomValues: crypto.getRandomValues, random: Math.random };
  const refuse = (name) => () => {
    throw new Error(name + " is called while the module loads");
  };
  globalThis.fetch = refuse("fetch");
  globalThis.setTimeout = refuse("setTimeout");
  globalThis.crypto.getRandomValues = refuse("getRandomValues");
  globalThis.crypto.randomUUID = refuse("randomUUID");
  Math.random = refuse("Math.random");
  for (const name of ["Deno", "process", "Buffer", "global"]) delete globalThis[name];
  const inRequest = () => {
    globalThis.setTimeout = real.setTimeout;
    globalThis.fetch = () => Promise.reject(new TypeError("fetch failed"));
    crypto.getRandomValues = real.getRandomValues;
    Math.random = real.random;
  };
`;

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
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-lock", "--no-prompt", "--ext=js", "-"],
    cwd: ROOT,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await new Blob([LIKE_WORKERD, WORKER]).stream().pipeTo(child.stdin);
  const { stdout, stderr } = await child.output();
  const [out, complaints] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals([out, complaints], ["400 503 401 503 503 503\n", ""]);
});
