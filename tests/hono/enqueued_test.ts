import { assertEquals, assertThrows } from "@std/assert";
import { enqueued, withTasks } from "@dabba/queue/hono";
import { Hono } from "hono";
import { greeter, routes } from "./greeter.ts";

const receipt = { id: "m1", task: "greet", disposition: "enqueued" as const };

/** Where `enqueued()` sends the sender of a POST to a path of an app. */
async function location(app: Hono, path: string): Promise<string | null> {
  return (await app.request(path, { method: "POST" })).headers.get("location");
}

Deno.test("enqueued() answers 202 with the message's path", async () => {
  const app = new Hono().post("/", (c) => enqueued(c, receipt));
  const response = await app.request("/", { method: "POST" });
  assertEquals(response.status, 202);
  assertEquals(await response.json(), { ...receipt, status: "/dabba/messages/m1" });
  assertEquals(response.headers.get("location"), "/dabba/messages/m1");
  assertEquals(response.headers.get("retry-after"), "1");
  assertEquals(response.headers.get("cache-control"), "no-store");
});

Deno.test("enqueued() answers 202 for a duplicate, too, with the winner's path", async () => {
  const app = new Hono().post("/", (c) => enqueued(c, { ...receipt, disposition: "duplicate" }));
  const response = await app.request("/", { method: "POST" });
  assertEquals([response.status, (await response.json()).disposition], [202, "duplicate"]);
});

Deno.test("enqueued() follows the base path of its app without the middleware", async () => {
  const app = new Hono().basePath("/api").post("/", (c) => enqueued(c, receipt));
  assertEquals(await location(app, "/api"), "/api/dabba/messages/m1");
});

Deno.test("enqueued() follows the base path of the app that uses the middleware", async () => {
  await using dabba = greeter();
  const users = new Hono().post("/:id/report", (c) => enqueued(c, receipt));
  const app = new Hono().basePath("/api/").use(withTasks(dabba)).route(
    "/users",
    users,
  ) as never as Hono;
  assertEquals(await location(app, "/api/users/7/report"), "/api/dabba/messages/m1");
});

Deno.test("enqueued() follows parameters in the base path", async () => {
  await using dabba = greeter();
  const app = new Hono().basePath("/:tenant/v1").use(withTasks(dabba))
    .post("/", (c) => enqueued(c, receipt)) as never as Hono;
  assertEquals(await location(app, "/acme/v1"), "/acme/v1/dabba/messages/m1");
});

for (
  const [mountedAt, path] of [
    ["/queue", "/queue/messages/m1"],
    ["/a/b/", "/a/b/messages/m1"],
    ["/", "/messages/m1"],
  ] as const
) {
  Deno.test(`withTasks() has messages found at ${path} when mounted at ${mountedAt}`, async () => {
    await using dabba = greeter();
    const app = new Hono().use(withTasks(dabba, { mountedAt }))
      .post("/", (c) => enqueued(c, receipt)) as never as Hono;
    assertEquals(await location(app, "/"), path);
  });
}

Deno.test("enqueued() sends to where dabbaRoutes() answers", async () => {
  await using dabba = greeter();
  const app = new Hono().basePath("/api").use(withTasks(dabba)).post("/", async (c) => {
    return enqueued(c, await c.var.tasks.greet.enqueue({ name: "Ada" }));
  }).route("/", routes(dabba)) as never as Hono;
  const path = await location(app, "/api");
  assertEquals((await (await app.request(path!)).json()).state, "ready");
});

Deno.test("enqueued() keeps headers that middleware has set", async () => {
  const app = new Hono().use(async (c, next) => {
    c.header("access-control-allow-origin", "*");
    await next();
  }).post("/", (c) => enqueued(c, receipt));
  const response = await app.request("/", { method: "POST" });
  assertEquals(response.headers.get("access-control-allow-origin"), "*");
});

Deno.test("withTasks() refuses a mount that is no path", async () => {
  await using dabba = greeter();
  for (const mountedAt of ["", "dabba", "/a?b", "/a#b", 7 as never]) {
    assertThrows(() => withTasks(dabba, { mountedAt }), TypeError, "mountedAt");
  }
});
