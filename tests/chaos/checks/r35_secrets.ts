// deno-lint-ignore-file no-console -- what others write there is what it listens to
import { Hono } from "hono";
import {
  ioredisClient,
  RedisBroker,
  restClient,
  upstashClient,
} from "../../../src/broker/redis/mod.ts";
import { Dabba } from "../../../src/dabba.ts";
import { gateway } from "../../../src/gateway/mod.ts";
import { dabbaRoutes, withTasks } from "../../../src/hono/mod.ts";
import { defineTask } from "../../../src/task.ts";
import { FAULTS, serveBreakable, withFaults } from "../../../src/testing/mod.ts";
import { startRedisServer } from "../../support/redis_server.ts";
import type { Check } from "../check.ts";
import { passing } from "../jobs.ts";
import { untold, workUnheard } from "../unheard.ts";
import { Redis } from "ioredis";

/** What must never be seen: a few letters around it tell which one it was. */
const CANARIES = {
  token: "canary-token-51f0c8e2",
  readToken: "canary-read-token-9d27",
  password: "canary-password-77ab1",
  secret: "canary-secret-0c4e5d6f",
  payload: "canary-payload-ada@example.com-4111111111111111",
};
const TIMEOUT_MS = 150;

export const check: Check = {
  id: "R35",
  title: "secrets and payloads in whatever comes out",
  goal: "0 of all texts hold one: errors with causes and stacks, events, lines on the console, " +
    "logs, routes, objects",
  async run({ say }) {
    const heard = new Ear();
    const restore = heard.tapConsole();
    try {
      await play(heard, upstashClient);
      await play(heard, restClient);
    } finally {
      restore();
    }
    for (const leak of heard.leaks.slice(0, 10)) say(leak);
    const silent = untold(heard.lines);
    if (silent.length > 0) say(`the console was not told: ${silent.join("; ")}`);
    const control = new Ear();
    control.look("control", new Error("outer", { cause: new Error(CANARIES.token) }));
    const figure = `${heard.leaks.length} leaks in ${heard.texts} texts of ${heard.kinds.size} ` +
      `kinds, with ${FAULTS.length} faults and ${
        Object.keys(CANARIES).length
      } canaries; a planted ` +
      `one is ${control.leaks.length > 0 ? "found" : "missed"}; ` +
      `${heard.lines.length} lines on the console, ${silent.length} sorts missing`;
    const met = heard.leaks.length === 0 && heard.texts > 200 && control.leaks.length > 0 &&
      silent.length === 0;
    return { figure, met };
  },
};

/** Takes texts, and finds canaries in them, however they are written. */
class Ear {
  readonly leaks: string[] = [];
  readonly kinds = new Set<string>();
  /** What the console was told. */
  readonly lines: string[] = [];
  texts = 0;
  readonly #needles: [name: string, text: string][] = Object.entries(CANARIES).flatMap(
    ([name, text]) =>
      [text, encodeURIComponent(text), btoa(text).replace(/=+$/, "")].map((one) =>
        [name, one] as [string, string]
      ),
  );

  hear(kind: string, text: string): void {
    this.texts++;
    this.kinds.add(kind);
    for (const [name, needle] of this.#needles) {
      const at = text.indexOf(needle);
      if (at >= 0) this.leaks.push(`${name} in ${kind}: ${text.slice(Math.max(0, at - 80), at)}…`);
    }
  }

  /** Takes all that can be made of an error or an object. */
  look(kind: string, value: unknown): void {
    this.hear(kind, Deno.inspect(value, { depth: 12, showHidden: true, strAbbreviateSize: 1e6 }));
    this.hear(kind, String(value));
    if (value instanceof Error) {
      this.hear(kind, `${value.message} ${value.stack}`);
      if (value.cause !== undefined) this.look(`${kind}'s cause`, value.cause);
    } else this.hear(kind, JSON.stringify(value) ?? "");
  }

  tapConsole(): () => void {
    const names = ["log", "info", "warn", "error", "debug"] as const;
    const before = names.map((name) => console[name]);
    for (const name of names) {
      console[name] = (...args: unknown[]) => {
        const line = args.map(String).join();
        this.lines.push(line);
        this.hear(`console.${name}`, line);
      };
    }
    return () => names.forEach((name, i) => console[name] = before[i]!);
  }
}

async function play(heard: Ear, connect: typeof upstashClient): Promise<void> {
  const { token, readToken, password, secret, payload } = CANARIES;
  await using server = await startRedisServer({ config: { requirepass: password } });
  const redis = `redis://:${password}@127.0.0.1:${server.port}`;
  const face = gateway({
    redis,
    token,
    readOnlyToken: readToken,
    log: (line) => heard.hear("gateway's log", JSON.stringify(line)),
  });
  const faulty = withFaults(face.fetch, { lateMs: 2 * TIMEOUT_MS });
  let odd = 0;
  await using front = await serveBreakable(async (request) => {
    if (odd-- > 0) return Response.json({ error: `ERR odd ${payload} ${token}` }, { status: 400 });
    const reply = await faulty.handle(request);
    for (const [name, value] of reply.headers) heard.hear("gateway's headers", `${name} ${value}`);
    return reply;
  });
  const client = connect({ url: front.url, token, timeoutMs: TIMEOUT_MS });
  const broker = new RedisBroker({ client, retries: 0 });
  const echo = defineTask("echo", { input: passing<string>(), backoff: [] }, () => {
    throw new Error("it failed");
  });
  const dabba = new Dabba({ broker, tasks: { echo } });
  for (const name of EVENTS) dabba.on(name, (event) => heard.look(`event ${name}`, event));
  const app = new Hono().use(withTasks(dabba)).route("/dabba", dabbaRoutes(dabba, { secret }));
  for (const fault of FAULTS) {
    faulty.rules = [{ fault, probability: 0.7 }];
    await playAll(heard, { dabba, broker, app, payload });
    await faulty.settle();
  }
  faulty.rules = [];
  await dabba.worker({ signals: false }).drain({ budget: "2s" }).catch((e) =>
    heard.look("error", e)
  );
  for (const letter of (await dabba.inspect.dead()).letters) {
    heard.hear("dead letter", `${letter.error?.message} ${letter.error?.stack}`);
  }
  await refusals(heard, face.fetch, server.port);
  const objects = { dabba, broker, client, face, app, worker: dabba.worker({ signals: false }) };
  for (const [name, object] of Object.entries(objects)) heard.look(`object ${name}`, object);
  await workUnheard(broker, payload, () => odd = 2);
  heard.look("object receipt", await dabba.tasks.echo.enqueue(payload));
  await dabba.close();
  await face.close();
}

const EVENTS = [
  ...["enqueued", "started", "succeeded", "retried", "dead", "released", "leaseLost"] as const,
  ...["outage", "recovered", "expired", "deferred", "skipped", "unknownTask"] as const,
];

async function playAll(
  heard: Ear,
  { dabba, broker, app, payload }: {
    readonly dabba: Dabba;
    readonly broker: RedisBroker;
    readonly app: { fetch(request: Request): Response | Promise<Response> };
    readonly payload: string;
  },
): Promise<void> {
  const echo =
    (dabba.tasks as unknown as { echo: { enqueue(input: string): Promise<unknown> } }).echo;
  const acts = {
    enqueue: () => echo.enqueue(payload),
    read: () => broker.read([payload.slice(0, 20), "x"]),
    stats: () => broker.stats(),
    check: () => broker.check({ repair: true }),
    cancel: () => dabba.cancel("none"),
    redrive: () => dabba.redrive({ all: true }),
    drain: () => dabba.worker({ signals: false }).drain({ budget: "1s" }),
  };
  for (const [name, act] of Object.entries(acts)) {
    await act().catch((error: unknown) => heard.look(`error of ${name}`, error));
  }
  const body = JSON.stringify(payload);
  const headers = {
    "authorization": `Bearer ${CANARIES.secret}`,
    "content-type": "application/json",
  };
  for (
    const request of [
      new Request("http://app/dabba/healthz"),
      new Request("http://app/dabba/healthz", { headers }),
      new Request("http://app/dabba/messages/none"),
      new Request("http://app/dabba/tasks/echo", { method: "POST", headers, body }),
      new Request("http://app/dabba/tasks/echo", { method: "POST", body }),
      new Request("http://app/dabba/tasks/none", { method: "POST", headers, body }),
    ]
  ) {
    const reply = await app.fetch(request);
    heard.hear("route", await reply.text() + JSON.stringify([...reply.headers]));
  }
}

/** What is told to those who are turned away, and where the password is wrong. */
async function refusals(
  heard: Ear,
  face: (request: Request) => Promise<Response>,
  port: number,
): Promise<void> {
  const bad = gateway({ redis: `redis://:${CANARIES.password}x@127.0.0.1:${port}`, token: "t" });
  for (
    const [fetch, token] of [[face, CANARIES.token + "x"], [face, CANARIES.readToken], [
      bad.fetch,
      "t",
    ]] as const
  ) {
    const body = JSON.stringify(["SET", "key", CANARIES.payload, "NONSENSE"]);
    const headers = { authorization: `Bearer ${token}` };
    const reply = await fetch(new Request("http://gate/", { method: "POST", headers, body }));
    heard.hear("refusal", await reply.text());
  }
  await bad.close();
  const wrong = new Redis({ port, password: CANARIES.password + "x", retryStrategy: () => null });
  wrong.on("error", () => {});
  const broker = new RedisBroker({ client: ioredisClient(wrong), retries: 0 });
  await broker.stats().catch((error) => heard.look("error of a wrong password", error));
  wrong.disconnect();
}
