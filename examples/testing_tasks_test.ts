/** How do I test my tasks? `deno test examples/testing_tasks_test.ts` */

import { Dabba, defineTask } from "@dabba/queue";
import { testDabba } from "@dabba/queue/testing";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { z } from "zod";

/** What your app has: a task that calls somebody, and code that enqueues it. */
class Mailer {
  up = true;
  readonly sent: string[] = [];

  send(email: string): void {
    if (!this.up) throw new MailerDownError("the mailer is down");
    this.sent.push(email);
  }
}

class MailerDownError extends Error {
  override name = "MailerDownError";
}

function makeApp(mailer: Mailer) {
  const input = z.object({ email: z.email() });
  const welcome = defineTask(
    "welcome",
    { input, backoff: ["1m", "5m", "15m"] },
    ({ email }) => mailer.send(email),
  );
  // No broker: Redis or a file, wherever it runs. The kit lends it another one.
  const dabba = new Dabba({ tasks: { welcome } });
  const signUp = (email: string) => dabba.tasks.welcome.enqueue({ email }, { delay: "10s" });
  return { dabba, welcome, signUp };
}

Deno.test("a handler alone: call the task, it runs in place", async () => {
  const mailer = new Mailer();
  const { welcome } = makeApp(mailer);
  await welcome({ email: "ada@example.com" }, { attempt: 3 });
  assertEquals(mailer.sent, ["ada@example.com"]);
});

Deno.test("signing up enqueues a welcome, and sends nothing yet", async () => {
  const mailer = new Mailer();
  const { dabba, welcome, signUp } = makeApp(mailer);
  await using kit = testDabba(dabba);
  await signUp("ada@example.com");
  assertEquals(kit.enqueued(welcome).map(({ input }) => input.email), ["ada@example.com"]);
  assertEquals(mailer.sent, []);
});

Deno.test("a welcome outlasts an outage of twenty minutes", async () => {
  const mailer = new Mailer();
  const { dabba, signUp } = makeApp(mailer);
  await using kit = testDabba(dabba);
  mailer.up = false;
  const receipt = await signUp("ada@example.com");
  const { retried, failures } = await kit.advance("20m");
  assertEquals(retried, 3);
  assert(failures[0]?.error instanceof MailerDownError);
  mailer.up = true;
  await kit.advance("5m");
  assertEquals((await receipt.status()).state, "succeeded");
  assertEquals(mailer.sent, ["ada@example.com"]);
});

Deno.test("inline: enqueue runs the handler, and throws what it throws", async () => {
  const mailer = new Mailer();
  const { dabba } = makeApp(mailer);
  await using _kit = testDabba(dabba, { inline: true });
  await dabba.tasks.welcome.enqueue({ email: "ada@example.com" });
  assertEquals(mailer.sent, ["ada@example.com"]);
  mailer.up = false;
  await assertRejects(
    () => dabba.tasks.welcome.enqueue({ email: "grace@example.com" }),
    MailerDownError,
  );
});
