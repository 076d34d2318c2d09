/** One fault at one exact call: a whole life of four messages, in this process. */

import { ioredisClient, RedisBroker } from "../../src/broker/redis/mod.ts";
import { Dabba } from "../../src/dabba.ts";
import { RejectError } from "../../src/errors.ts";
import { defineTask } from "../../src/task.ts";
import { type FaultRule, withFaults } from "../../src/testing/mod.ts";
import { type Forward, redisGateway } from "../support/redis_gateway.ts";
import { fsck } from "./check.ts";
import { passing } from "./jobs.ts";
import { pause } from "./store.ts";

type Life = "well" | "fails" | "dies" | "stopped";

const TIMEOUT_MS = 250;
const LOOK_MS = 10;
const LIMIT_MS = 20_000;
/** What becomes of each, and how often its handler must have begun. */
const EXPECTED: Readonly<Record<Life, [state: string, starts: number, attempts: number]>> = {
  well: ["succeeded", 1, 1],
  fails: ["succeeded", 2, 2],
  dies: ["succeeded", 2, 1],
  stopped: ["cancelled", 0, 0],
};

/** Plays it on a Redis; says what went wrong, undefined for nothing. */
export async function playPosition(rule: FaultRule, redis: string): Promise<string | undefined> {
  let pass: Forward;
  const faulty = withFaults((request) => pass(request), {
    rules: [rule],
    lateMs: TIMEOUT_MS * 1.5,
  });
  await using gateway = await redisGateway({
    redis,
    intercept: (request, forward) => {
      pass = forward;
      return faulty.handle(request);
    },
  });
  const { url, token, namespace } = gateway;
  const direct = new RedisBroker({ client: ioredisClient(gateway.redis), namespace });
  const starts: Record<string, number> = {};
  const life = defineTask("life", { input: passing<Life>(), backoff: [10] }, (kind, { fence }) => {
    starts[kind] = (starts[kind] ?? 0) + 1;
    if (fence > 1) return;
    if (kind === "fails") throw new Error("once");
    if (kind === "dies") throw new RejectError("once");
  });
  const broker = new RedisBroker({ url, token, namespace, timeout: TIMEOUT_MS });
  const dabba = new Dabba({ broker, tasks: { life } });
  const stop = new AbortController();
  const polling = { min: LOOK_MS, max: LOOK_MS };
  const running = dabba.worker({ polling, signals: false }).run({ signal: stop.signal });
  const ids: Partial<Record<Life, string>> = {};
  for (const kind of ["well", "fails", "dies"] as const) {
    ids[kind] = (await dabba.tasks.life.enqueue(kind)).id;
  }
  ids.stopped = (await dabba.tasks.life.enqueue("stopped", { delay: "1h" })).id;
  const cancelled = await dabba.cancel(ids.stopped);
  await untilQuiet(direct);
  const redriven = await dabba.redrive({ all: true });
  await untilQuiet(direct);
  stop.abort();
  await running;
  await faulty.settle();
  const wrong = await differences(new Dabba({ broker: direct, tasks: { life } }), ids, starts);
  if (!cancelled) wrong.push(`cancel() gave ${cancelled}`);
  if (redriven !== 1) wrong.push(`redrive() gave ${redriven}`);
  if (faulty.counts.size === 0) wrong.push("the fault did not happen");
  wrong.push(...(await fsck(direct)).map(({ detail }) => detail));
  return wrong.length === 0 ? undefined : `${JSON.stringify(rule)}: ${wrong.join(", ")}`;
}

async function untilQuiet(broker: RedisBroker): Promise<void> {
  const endsAt = performance.now() + LIMIT_MS;
  while ((await broker.stats()).queues.length > 0 && performance.now() < endsAt) {
    await pause(LOOK_MS);
  }
}

async function differences(
  dabba: Dabba,
  ids: Partial<Record<Life, string>>,
  starts: Readonly<Record<string, number>>,
): Promise<string[]> {
  const wrong: string[] = [];
  for (const [kind, [state, begun, attempts]] of Object.entries(EXPECTED)) {
    const found = await dabba.status(ids[kind as Life]!);
    const came = [found.state, starts[kind] ?? 0, found.attempts];
    if (came.join() !== [state, begun, attempts].join()) wrong.push(`${kind} came to ${came}`);
  }
  return wrong;
}
