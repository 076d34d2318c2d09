/**
 * The suite that every runtime passes: one file, run as it is by all of them, so it may use nothing
 * but the web's own APIs. A check that does not hold throws.
 */
import {
  Dabba,
  type DabbaEvents,
  defineTask,
  redisBroker,
  task,
  type TaskContext,
  TaskFailedError,
  tickOnce,
} from "@dabba/queue";
import { dabbaRoutes, enqueue, enqueued, withTasks } from "@dabba/queue/hono";
import { Hono } from "hono";
import { z } from "zod";

/** Says where the store is that a check uses; each check has a namespace of its own. */
export interface Place {
  /** The URL of a gateway. */
  readonly url: string;
  /** Its token. */
  readonly token: string;
  /** What all namespaces begin with. */
  readonly namespace: string;
}

/** Tells what came of one check. */
export interface Outcome {
  readonly check: string;
  /** Why it does not hold; undefined where it does. */
  readonly error?: string;
}

const SECRET = "a-secret-of-the-suite";
const Name = z.object({ name: z.string().min(1) });

/** A class whose methods are tasks, as the standard decorators make them. */
class Greetings {
  @task("greet", { input: Name, output: z.string() })
  greet({ name }: z.infer<typeof Name>, ctx: TaskContext): string {
    return `Hello, ${name}, at attempt ${ctx.attempt}`;
  }
}

// At module scope as in a user's program: workerd would refuse timers and randomness here.
const flaky = defineTask(
  "flaky",
  { input: Name, backoff: ["20ms", "20ms"] },
  ({ name }, ctx) => {
    if (ctx.attempt < 3) throw new Error(`No luck at attempt ${ctx.attempt}`);
    return `${name} had luck at attempt ${ctx.attempt}`;
  },
);

const hopeless = defineTask("hopeless", { input: Name, backoff: ["10ms"] }, () => {
  throw new Error("Never any luck");
});

/** Runs until it is told to stop. */
const patient = defineTask("patient", { input: Name }, async (_, ctx) => {
  await new Promise((_, reject) => {
    ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason));
  });
});

function open(place: Place, check: string) {
  const { url, token, namespace } = place;
  return new Dabba({
    broker: redisBroker({ url, token, namespace: `${namespace}-${check}` }),
    tasks: { greetings: new Greetings(), flaky, hopeless, patient },
  });
}

type Suite = ReturnType<typeof open>;

const json = (body: unknown, headers: Record<string, string> = {}) => ({
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(body),
});

function appOf(dabba: Suite, kick?: { readonly budget: string }) {
  return new Hono()
    .use(withTasks(dabba, kick && { kick }))
    .post("/greetings", async (c) => {
      return enqueued(c, await c.var.tasks.greetings.greet.enqueue(await c.req.json()));
    })
    .post("/flaky", enqueue(dabba.tasks.flaky))
    .route("/dabba", dabbaRoutes(dabba, { secret: SECRET }));
}

function once<Name extends keyof DabbaEvents>(dabba: Suite, name: Name): Promise<void> {
  return new Promise((resolve) => void dabba.on(name, () => resolve()));
}

function equal(actual: unknown, expected: unknown): void {
  const [is, should] = [actual, expected].map((value) => JSON.stringify(value));
  if (is !== should) throw new Error(`It is ${is}, it should be ${should}`);
}

const checks: Readonly<Record<string, (dabba: Suite) => Promise<void>>> = {
  async "a task is enqueued, claimed, run and settled"(dabba) {
    const receipt = await dabba.tasks.greetings.greet.enqueue({ name: "Ada" });
    equal([receipt.disposition, (await receipt.status()).state], ["enqueued", "ready"]);
    const { claimed, succeeded, ended } = await dabba.worker().drain();
    equal([claimed, succeeded, ended], [1, 1, "empty"]);
    equal(await receipt.result(), "Hello, Ada, at attempt 1");
    equal((await receipt.status()).state, "succeeded");
  },

  async "a failure is repeated by the plan in its message"(dabba) {
    const over = new AbortController();
    const running = dabba.worker({ signals: false }).run({ signal: over.signal });
    const receipt = await dabba.tasks.flaky.enqueue({ name: "Ada" });
    equal(await receipt.result({ timeout: "20s" }), "Ada had luck at attempt 3");
    over.abort();
    const { succeeded, retried } = await running;
    equal([succeeded, retried], [1, 2]);
  },

  async "what failed for good is a dead letter, and can be sent again"(dabba) {
    const over = new AbortController();
    const running = dabba.worker({ signals: false }).run({ signal: over.signal });
    const receipt = await dabba.tasks.hopeless.enqueue({ name: "Ada" });
    const failure = await receipt.result({ timeout: "20s" }).catch((error) => error);
    equal(failure instanceof TaskFailedError, true);
    over.abort();
    await running;
    const { letters: [letter] } = await dabba.inspect.dead();
    equal([letter?.id, letter?.error?.message], [receipt.id, "Never any luck"]);
    await dabba.redrive({ id: receipt.id });
    equal((await receipt.status()).state, "ready");
  },

  async "bad input is refused before anything is sent"(dabba) {
    const error = await dabba.tasks.flaky.enqueue({ name: "" }).catch((error) => error);
    equal(error.code, "validation");
    equal((await dabba.inspect.stats()).queues, []);
  },

  async "a worker that is told to stop hands back, with no attempt spent"(dabba) {
    // What it holds is handed back in the last quarter of the grace: a machine may be too slow for a
    // short one.
    for (const grace of ["1s", "4s", "20s"] as const) {
      const receipt = await dabba.tasks.patient.enqueue({ name: "Ada" });
      const over = new AbortController();
      const started = once(dabba, "started");
      const running = dabba.worker({ signals: false, grace }).run({ signal: over.signal });
      await started;
      over.abort();
      const { handedBack } = await running;
      if (handedBack === 0 && grace !== "20s") continue;
      const { state, attempts } = await receipt.status();
      return equal([handedBack, state, attempts], [1, "ready", 0]);
    }
  },

  async "routes of Hono take a task, say where it stands, and drain"(dabba) {
    const app = appOf(dabba);
    const refused = await app.request("/flaky", json({ name: "" }));
    equal(refused.status, 400);
    const taken = await app.request("/greetings", json({ name: "Ada" }));
    equal(taken.status, 202);
    const place = taken.headers.get("location") ?? "";
    equal((await (await app.request(place)).json()).state, "ready");
    equal((await app.request("/dabba/drain")).status, 401);
    const authorization = `Bearer ${SECRET}`;
    const drained = await app.request("/dabba/drain", { headers: { authorization } });
    equal([drained.status, (await drained.json()).succeeded], [200, 1]);
    const { state, output } = await (await app.request(place)).json();
    equal([state, output], ["succeeded", "Hello, Ada, at attempt 1"]);
    equal((await app.request("/dabba/healthz")).status, 200);
  },

  async "events of a message end with its result"(dabba) {
    const app = appOf(dabba);
    const { id } = await (await app.request("/greetings", json({ name: "Ada" }))).json();
    const stream = await app.request(`/dabba/messages/${id}/events`);
    equal(stream.headers.get("content-type")?.split(";")[0], "text/event-stream");
    const told = stream.text();
    await dabba.worker().drain();
    equal((await told).includes("event: result"), true);
  },

  async "a kick does the work inside of waitUntil"(dabba) {
    const app = appOf(dabba, { budget: "5s" });
    const waited: Promise<unknown>[] = [];
    const context = {
      waitUntil: (work: Promise<unknown>) => void waited.push(work),
      passThroughOnException() {},
      props: {},
    };
    const taken = await app.request("/greetings", json({ name: "Ada" }), {}, context);
    const { id } = await taken.json();
    equal(waited.length, 1);
    await Promise.all(waited);
    equal((await dabba.status(id)).state, "succeeded");
  },

  async "a tick of cron drains what is due, and no more than it may take"(dabba) {
    const inputs = ["Ada", "Bob", "Cy"].map((name) => ({ name }));
    await dabba.tasks.greetings.greet.enqueueMany(inputs);
    const first = await tickOnce(dabba, { max: 2 });
    const second = await tickOnce(dabba, {});
    equal([first.succeeded, first.ended, second.succeeded, second.ended], [2, "max", 1, "empty"]);
  },
};

/** The names of all checks. */
export const CHECKS: readonly string[] = Object.keys(checks);

/** Runs all checks, one after the other, each in a namespace of its own. */
export async function runSuite(place: Place): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [index, [check, hold]] of Object.entries(checks).entries()) {
    const dabba = open(place, String(index));
    try {
      await hold(dabba);
      outcomes.push({ check });
    } catch (error) {
      outcomes.push({ check, error: error instanceof Error ? error.stack ?? "" : String(error) });
    } finally {
      await dabba.close();
    }
  }
  return outcomes;
}
