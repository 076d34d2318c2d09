// PORT=8000 deno run -A examples/hono_app.ts
/**
 * How does a Hono app answer at once, while the work is done behind it?
 *
 * ```sh
 * curl -i localhost:8000/sign-ups --json '{"email":"ada@example.com"}'   # 202, and a Location
 * curl localhost:8000/dabba/messages/…                                   # where it stands
 * curl -N localhost:8000/dabba/messages/…/events                         # live, until its result
 * ```
 */
import { Dabba, task, type TaskContext } from "@dabba/queue";
import { dabbaRoutes, enqueued, withTasks } from "@dabba/queue/hono";
import { sqliteBroker } from "@dabba/queue/sqlite";
import { Hono } from "hono";
import { z } from "zod";

const SignUp = z.object({ email: z.email() });

class Mails {
  readonly sent: string[] = [];

  @task("mail.welcome", { input: SignUp, backoff: ["1m", "5m", "15m"], timeout: "30s" })
  welcome(
    { email }: z.infer<typeof SignUp>,
    ctx: TaskContext,
  ): { sentTo: string; attempt: number } {
    this.sent.push(email);
    return { sentTo: email, attempt: ctx.attempt };
  }
}

const dabba = new Dabba({
  broker: sqliteBroker({ path: ":memory:" }), // left out: a file, or Redis by the environment
  tasks: { mails: new Mails() },
});

const app = new Hono()
  .use(withTasks(dabba)) // typed: c.var.tasks.mails.welcome
  .post("/sign-ups", async (c) => {
    const signUp = SignUp.safeParse(await c.req.json().catch(() => undefined));
    if (!signUp.success) return c.json({ error: "Give an email address" }, 400);
    const receipt = await c.var.tasks.mails.welcome.enqueue(signUp.data);
    return enqueued(c, receipt); // the store has it: 202
  })
  .route(
    "/dabba",
    // Random here; from the environment where others must know it, such as a cron.
    dabbaRoutes(dabba, { secret: Deno.env.get("DABBA_SECRET") ?? crypto.randomUUID() }),
  );

const server = Deno.serve({ port: Number(Deno.env.get("PORT") ?? 8000) }, app.fetch);
await dabba.worker().run(); // until SIGINT or SIGTERM
await server.shutdown();
await dabba.close();
