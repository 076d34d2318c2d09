/**
 * Holds the types: each `@ts-expect-error` is a mistake that the compiler must find. Were a type to
 * become `any`, the mistake would pass, and this file would no longer compile.
 */
import { assertEquals } from "@std/assert";
import { Dabba, defineTask, task, type TaskContext } from "@dabba/queue";
import { dabbaRoutes, enqueue, enqueued, withTasks } from "@dabba/queue/hono";
import { sqliteBroker } from "@dabba/queue/sqlite";
import { Hono } from "hono";
import { hc } from "hono/client";
import { z } from "zod";

const SECRET = "lunch-at-twelve-sharp";

class Images {
  @task("image.resize", { input: z.object({ key: z.string() }) })
  resize({ key }: { key: string }, _ctx: TaskContext): { sizes: string[] } {
    return { sizes: [`${key}-s`] };
  }
}

const welcome = defineTask("email.welcome", {
  input: z.object({ email: z.email(), age: z.coerce.number().optional() }),
  output: z.object({ messageId: z.string() }),
}, ({ email }) => ({ messageId: email }));

function makeApp(dabba: ReturnType<typeof makeDabba>) {
  return new Hono()
    .use(withTasks(dabba))
    .post("/avatars", async (c) => {
      return enqueued(c, await c.var.tasks.images.resize.enqueue({ key: "a" }));
    })
    .post("/welcome", enqueue(dabba.tasks.welcome))
    .post(
      "/users/:email/welcome",
      enqueue(dabba.tasks.welcome, (c) => ({ input: { email: c.req.param("email")! } })),
    )
    .route("/dabba", dabbaRoutes(dabba, { secret: SECRET }));
}

function makeDabba() {
  const broker = sqliteBroker({ path: ":memory:" });
  return new Dabba({ broker, tasks: { welcome, images: new Images() } });
}

type App = ReturnType<typeof makeApp>;

Deno.test("hc() knows what every route takes and gives", async () => {
  await using dabba = makeDabba();
  const app = makeApp(dabba);
  const headers = { authorization: `Bearer ${SECRET}` };
  const fetcher: typeof fetch = async (input, init) => await app.request(input as string, init);
  const client = hc<App>("http://localhost", { fetch: fetcher, headers });

  const avatar = await (await client.avatars.$post()).json();
  assertEquals(avatar.disposition satisfies "enqueued" | "duplicate", "enqueued");

  const asked = await client.welcome.$post({ json: { email: "ada@example.com" } });
  assertEquals(asked.status satisfies 202 | 400 | 413 | 415 | 500 | 503, 202);

  const named = await client.dabba.tasks[":name"].$post({
    param: { name: "image.resize" },
    query: { delay: "1h", id: "chosen" },
    json: { key: "b" },
  });
  if (named.status !== 202) throw new Error(`It answered ${named.status}`);
  assertEquals((await named.json()).id satisfies string, "chosen");

  const drained = await client.dabba.drain.$post();
  if (!drained.ok) throw new Error(`It answered ${drained.status}`);
  assertEquals((await drained.json()).succeeded satisfies number, 2);

  const found = await client.dabba.messages[":id"].$get({ param: { id: avatar.id } });
  if (!found.ok) throw new Error(`It answered ${found.status}`);
  const message = await found.json();
  assertEquals([message.task satisfies string, message.output], [
    "image.resize",
    { sizes: ["a-s"] },
  ]);

  const url = client.dabba.messages[":id"].events.$url({ param: { id: avatar.id } });
  assertEquals(url.pathname satisfies string, `/dabba/messages/${avatar.id}/events`);

  const health = await (await client.dabba.healthz.$get()).json();
  assertEquals(health.ok satisfies boolean, true);
});

Deno.test("hc() knows what comes back when a route says no", async () => {
  await using dabba = makeDabba();
  const app = makeApp(dabba);
  const fetcher: typeof fetch = async (input, init) => await app.request(input as string, init);
  const client = hc<App>("http://localhost", { fetch: fetcher });

  const bad = await client.welcome.$post({ json: { email: "nobody" } });
  if (bad.status !== 400) throw new Error(`It answered ${bad.status}`);
  const { error } = await bad.json();
  assertEquals(error.issues?.[0]?.path satisfies readonly unknown[] | undefined, ["email"]);

  const unknown = await client.dabba.messages[":id"].$get({ param: { id: "nope" } });
  if (unknown.status !== 404) throw new Error(`It answered ${unknown.status}`);
  assertEquals((await unknown.json()).error.code satisfies string, "message_not_found");
});

Deno.test("The compiler finds mistakes in handlers, options and requests", () => {
  assertEquals(mistakes.name, "mistakes");
});

/** Is compiled, never run. */
async function mistakes(dabba: ReturnType<typeof makeDabba>, app: App): Promise<void> {
  const client = hc<typeof app>("http://localhost");
  const byName = client.dabba.tasks[":name"].$post;
  const param = { name: "email.welcome" };

  new Hono().use(withTasks(dabba)).get("/", (c) => {
    // @ts-expect-error There is no such task.
    c.var.tasks.goodbye;
    // @ts-expect-error The key is misspelt.
    c.var.tasks.images.resize.enqueue({ kye: "a" });
    // @ts-expect-error A number is no text.
    c.var.tasks.welcome.enqueue({ email: 7 });
    // @ts-expect-error There is no such option.
    c.var.tasks.welcome.enqueue({ email: "a" }, { dealy: "10s" });
    return c.text("");
  });

  // @ts-expect-error The mapper's input lacks the email.
  enqueue(dabba.tasks.welcome, () => ({ input: { name: "Ada" } }));
  // @ts-expect-error The mapper must name the input.
  enqueue(dabba.tasks.welcome, () => ({ email: "ada@example.com" }));
  // @ts-expect-error There is no such option.
  enqueue(dabba.tasks.welcome, () => ({ input: { email: "a" }, options: { dealy: 1 } }));
  // @ts-expect-error A task that is not bound knows no queue.
  enqueue(welcome);
  // @ts-expect-error There is no such option.
  dabbaRoutes(dabba, { secrets: SECRET });
  // @ts-expect-error There is no such option.
  withTasks(dabba, { kick: { bugdet: "1s" } });

  // @ts-expect-error The email is missing.
  await client.welcome.$post({ json: {} });
  // @ts-expect-error The body is missing.
  await client.welcome.$post();
  // @ts-expect-error No task takes this.
  await byName({ param, json: { kye: "a" } });
  // @ts-expect-error There is no such option.
  await byName({ param, query: { dealy: "1s" }, json: { key: "a" } });
  // @ts-expect-error There is no such lane.
  await byName({ param, query: { priority: "urgent" }, json: { key: "a" } });
  // @ts-expect-error The name is missing.
  await byName({ json: { key: "a" } });
  // @ts-expect-error There is no such parameter.
  await client.dabba.drain.$post({ query: { bugdet: "1s" } });
  // @ts-expect-error The id is missing.
  await client.dabba.messages[":id"].$get({ param: {} });

  const health = await (await client.dabba.healthz.$get()).json();
  // @ts-expect-error It is a boolean.
  health.ok.length;
  // @ts-expect-error It may be a refusal.
  (await (await client.dabba.drain.$get()).json()).claimed;
  // @ts-expect-error There is no such disposition.
  (await (await client.avatars.$post()).json()).disposition === "stored";

  const message = await (await client.dabba.messages[":id"].$get({ param: { id: "m" } })).json();
  // @ts-expect-error It may be a refusal.
  message.state;
  const found = await client.dabba.messages[":id"].$get({ param: { id: "m" } });
  if (found.ok) {
    const body = await found.json();
    // @ts-expect-error There is no such state.
    body.state === "done";
    // @ts-expect-error Instants are text.
    body.enqueuedAt.getTime();
    // @ts-expect-error There is no stack.
    body.error?.stack;
  }
}
