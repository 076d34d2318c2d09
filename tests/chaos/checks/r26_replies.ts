import type { Broker, ExchangeRequest, MessageRef } from "../../../src/broker/broker.ts";
import { RedisBroker } from "../../../src/broker/redis/mod.ts";
import { Dabba } from "../../../src/dabba.ts";
import { BrokerError } from "../../../src/errors.ts";
import { defineTask } from "../../../src/task.ts";
import { OperationNames } from "../../../src/testing/operation_name.ts";
import { startRedisServer } from "../../support/redis_server.ts";
import { type Check, fsck, ruleOfThree, type Scale } from "../check.ts";
import { passing } from "../jobs.ts";
import { pause } from "../store.ts";

type Class = "retry" | "fatal";
/** What is answered instead of doing anything: class, HTTP status, text. */
const REPLIES: readonly (readonly [Class, number, string])[] = [
  ["retry", 400, "OOM command not allowed when used memory > 'maxmemory'."],
  ["retry", 400, "LOADING Redis is loading the dataset in memory"],
  ["retry", 400, "BUSY Redis is busy running a script. You can only call SCRIPT KILL"],
  ["retry", 400, "UNKILLABLE Sorry the script already executed write commands"],
  ["retry", 400, "READONLY You can't write against a read only replica."],
  ["retry", 400, "NOREPLICAS Not enough good replicas to write."],
  ["retry", 400, "MISCONF Redis is configured to save RDB snapshots, but it's unable to persist"],
  ["retry", 400, "ERR DB capacity quota exceeded"],
  ["retry", 400, "ERR max single record size exceeded. Limit: 100, Actual: 101"],
  ["retry", 400, "ERR max daily request limit exceeded. Limit: 10000, Usage: 10001"],
  ["retry", 400, "ERR max requests limit exceeded. Limit: 500000, Usage: 500001"],
  ["retry", 429, "Too Many Requests"],
  ["retry", 500, "Internal Server Error"],
  ["retry", 503, "503 Service Unavailable"],
  ["retry", 400, "ERR something that nobody has seen yet"],
  ["fatal", 400, "NOAUTH Authentication required."],
  ["fatal", 401, "WRONGPASS invalid or missing auth token"],
  ["fatal", 401, "Unauthorized"],
  ["fatal", 400, "NOPERM this user has no permissions to run the 'evalsha' command"],
  ["fatal", 400, "WRONGTYPE Operation against a key holding the wrong kind of value"],
  ["fatal", 400, "ERR max request size exceeded. Limit: 10485760 bytes, Actual: 10485761 bytes"],
  ["fatal", 400, "ERR max key size exceeded. Limit: 32768 bytes, Actual: 40000 bytes"],
  ["fatal", 413, "Request Entity Too Large"],
];
const LEASE_MS = 1_000;
const LIMIT_MS = 20_000;

export const check: Check = {
  id: "R26",
  title: "what Redis and Upstash answer when they refuse",
  goal: "each text on each script: typed, of the right class, with a way out, no state changed; " +
    "a worker lives through what may pass, ends on what may not, and finishes what runs; 0 lost",
  async run(scale) {
    await using server = await startRedisServer();
    if (!Deno.env.has("DABBA_TEST_REDIS")) Deno.env.set("DABBA_TEST_REDIS", server.url);
    await using front = await openFront(server.url);
    const direct = await everyScript(front, scale);
    const workers = await everyWorker(front, scale);
    const findings = (await fsck(front.broker)).length;
    const figure = `${direct.right} of ${direct.all} refusals (${REPLIES.length} texts, ` +
      `${direct.scripts} operations) right, ${direct.changed} changed anything; ` +
      `${workers.right} of ${workers.workers} workers right, ${workers.lost} messages lost of ` +
      `${workers.messages}, ${findings} findings (${ruleOfThree(direct.all)})`;
    const met = direct.right === direct.all && direct.changed === 0 &&
      workers.right === workers.workers && workers.workers > 0 && workers.lost === 0 &&
      findings === 0;
    return { figure, met };
  },
};

/** A gateway that can be told to refuse. */
interface Front extends AsyncDisposable {
  readonly broker: RedisBroker;
  /** What is answered to everything, or to exchanges only. */
  refuse: { readonly status: number; readonly text: string; readonly on?: string } | undefined;
  /** All that lies in the namespace. */
  dump(): Promise<string>;
}

async function openFront(redis: string): Promise<Front> {
  const { redisGateway } = await import("../../support/redis_gateway.ts");
  const names = new OperationNames();
  const gateway = await redisGateway({
    redis,
    intercept: async (request, forward) => {
      const { refuse } = front;
      if (refuse === undefined) return await forward(request);
      const { status, text, on } = refuse;
      const body = await request.clone().text();
      if (on !== undefined && await names.of("/", body) !== on) return await forward(request);
      return Response.json({ error: text }, { status });
    },
  });
  const { url, token, namespace } = gateway;
  const front: Front = {
    broker: new RedisBroker({ url, token, namespace, retries: 0 }),
    refuse: undefined,
    async dump() {
      const keys = (await gateway.redis.keys(`{${namespace}}:*`)).toSorted();
      return JSON.stringify(await Promise.all(keys.map((key) => gateway.redis.dump(key))));
    },
    [Symbol.asyncDispose]: () => gateway.close(),
  };
  return front;
}

const REF: MessageRef & { readonly result: string } = {
  ...{ id: "m", queue: "q", priority: "normal", result: "" },
};
const EXCHANGE: ExchangeRequest = {
  ...{ channel: "c", seq: 1, worker: "w", leaseMs: LEASE_MS, claim: { queues: ["q"], max: 10 } },
  ...{ settle: [], extend: [], trim: 10, sweep: true },
};
const OPERATIONS: readonly ((broker: Broker) => Promise<unknown>)[] = [
  (broker) =>
    broker.push([{ ...REF, nonce: "-", delayMs: 0, expiresInMs: 0, body: "a payload of someone" }]),
  (broker) => broker.exchange(EXCHANGE),
  (broker) => broker.probe(["q"]),
  (broker) => broker.read(["m"]),
  (broker) => broker.cancel([REF], { id: "op", retainMs: 0 }),
  (broker) => broker.dead({ limit: 10 }),
  (broker) => broker.redrive([REF], "op"),
  (broker) => broker.discard([REF], { id: "op", retainMs: 0 }),
  (broker) => broker.stats(),
  (broker) => broker.check({ repair: true }),
];

async function everyScript(front: Front, { full, say }: Scale) {
  const times = full ? 100 : 10;
  const sum = { all: 0, right: 0, changed: 0, scripts: OPERATIONS.length };
  const before = await front.dump();
  for (const [kind, status, text] of REPLIES) {
    front.refuse = { status, text };
    for (const act of OPERATIONS) {
      for (let i = 0; i < times; i++) {
        sum.all++;
        const error = await act(front.broker).then(() => undefined, (thrown) => thrown);
        const typed = error instanceof BrokerError && error.retryable === (kind === "retry");
        // The way out stands behind a semicolon.
        if (typed && error.message.includes("; ")) sum.right++;
        else if (i === 0) say(`${text}: ${error}`);
      }
    }
    front.refuse = undefined;
    if (await front.dump() !== before) sum.changed++;
  }
  return sum;
}

/** A worker with handlers at work is refused so, for a while; the next one must find nothing lost. */
async function everyWorker(front: Front, { full, seed, say }: Scale) {
  const sum = { right: 0, workers: 0, lost: 0, messages: 0 };
  for (const [i, [kind, status, text]] of REPLIES.entries()) {
    // After a used-up quota a worker looks once a minute only.
    if (!full && (i % 4 !== seed % 4 || text.includes("request limit"))) continue;
    sum.workers++;
    const gate = Promise.withResolvers<void>();
    let effects = 0;
    const work = defineTask("work", { input: passing<number>(), queue: "work" }, async () => {
      await gate.promise;
      effects++;
    });
    const dabba = new Dabba({ broker: front.broker, tasks: { work } });
    const ids = (await dabba.tasks.work.enqueueMany([1, 2, 3])).map(({ id }) => id);
    sum.messages += ids.length;
    let started = 0;
    dabba.on("started", () => void started++);
    const stop = new AbortController();
    const options = { lease: LEASE_MS, polling: { min: 10, max: 100 }, signals: false };
    let ended: unknown = "at work";
    const running = dabba.worker(options).run({ signal: stop.signal })
      .then(() => ended = "stopped", (error) => ended = error);
    while (started < 3) await pause(5);
    front.refuse = { status, text, on: "exchange" };
    gate.resolve();
    while (effects < 3) await pause(5);
    await pause(100);
    const endsAt = Date.now() + LIMIT_MS;
    while (kind === "fatal" && ended === "at work" && Date.now() < endsAt) await pause(10);
    const right = kind === "retry" ? ended === "at work" : ended instanceof BrokerError;
    front.refuse = undefined;
    if (kind === "fatal") dabba.worker(options).run({ signal: stop.signal });
    while ((await dabba.inspect.stats()).queues.length > 0 && Date.now() < endsAt) await pause(20);
    stop.abort();
    await running;
    const states = await Promise.all(ids.map(async (id) => (await dabba.status(id)).state));
    sum.lost += states.filter((state) => state !== "succeeded").length;
    if (right) sum.right++;
    else say(`${text}: the worker is ${ended}`);
  }
  return sum;
}
