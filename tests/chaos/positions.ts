/** One fault at one exact call: the whole lives of eight messages, in this process. */

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
/** As by default, though a request may take less here: a store that says 429 is left alone for a second. */
const DEADLINE_MS = 10_000;
const LOOK_MS = 10;
const LIMIT_MS = 20_000;
const LIVES: readonly Life[] = [
  ...["well", "fails"] as const,
  ...["dies", "dies", "dies", "stopped", "stopped", "stopped"] as const,
];
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
  const starts = new Map<string, number>();
  const life = defineTask(
    "life",
    { input: passing<Life>(), backoff: [10] },
    (kind, { id, fence }) => {
      starts.set(id, (starts.get(id) ?? 0) + 1);
      if (fence > 1) return;
      if (kind === "fails") throw new Error("once");
      if (kind === "dies") throw new RejectError("once");
    },
  );
  const options = { url, token, namespace, timeout: TIMEOUT_MS, deadline: DEADLINE_MS };
  const broker = new RedisBroker(options);
  const dabba = new Dabba({ broker, tasks: { life } });
  const stop = new AbortController();
  const polling = { min: LOOK_MS, max: LOOK_MS };
  const running = dabba.worker({ polling, signals: false }).run({ signal: stop.signal });
  const ids: [Life, string][] = [];
  for (const kind of LIVES) {
    const delay = kind === "stopped" ? "1h" : 0;
    ids.push([kind, (await dabba.tasks.life.enqueue(kind, { delay })).id]);
  }
  // One by one: each is a call.
  let cancelled = 0;
  for (const [, id] of ids.filter(([kind]) => kind === "stopped")) {
    if (await dabba.cancel(id)) cancelled++;
  }
  await untilQuiet(direct);
  let redriven = 0;
  for (const [, id] of ids.filter(([kind]) => kind === "dies")) {
    redriven += await dabba.redrive({ id });
  }
  await untilQuiet(direct);
  stop.abort();
  await running;
  await faulty.settle();
  const wrong = await differences(new Dabba({ broker: direct, tasks: { life } }), ids, starts);
  if (cancelled !== 3) wrong.push(`cancel() gave ${cancelled}`);
  if (redriven !== 3) wrong.push(`redrive() gave ${redriven}`);
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
  ids: readonly [Life, string][],
  starts: ReadonlyMap<string, number>,
): Promise<string[]> {
  const wrong: string[] = [];
  for (const [kind, id] of ids) {
    const { state, attempts } = await dabba.status(id);
    const came = [state, starts.get(id) ?? 0, attempts];
    if (came.join() !== EXPECTED[kind].join()) wrong.push(`${kind} came to ${came}`);
  }
  return wrong;
}
