/** How long a message waits for an idle worker of another process. */

import { Dabba } from "../../../src/dabba.ts";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { atMost, figure, type Metric, type Row } from "../metric.ts";
import { type Running, startProgram } from "../program.ts";
import { Stage } from "../stage.ts";
import { quantile } from "../turns.ts";
import { openWay, payload, send } from "../way.ts";

interface Form {
  readonly samples: number;
  /** How many workers at once are left idle for long. */
  readonly workers: number;
  readonly longMs: number;
}

const SHORT: Form = { samples: 15, workers: 15, longMs: 15_000 };
const FULL: Form = { samples: 100, workers: 60, longMs: 60_000 };
/** At random, so that no sample falls in step with the polling. */
const gapMs = () => 200 + Math.random() * 800;

/** Is the metric. */
export const metric: Metric = {
  name: "start_latency",
  title: "enqueue to start, idle worker",
  async run({ short }) {
    const form = short ? SHORT : FULL;
    await using stage = await Stage.open();
    const what = "enqueue to start, idle worker";
    const usual = await ofDabba(stage, form);
    await stage.clear();
    const long = await afterLong(stage, form);
    await stage.clear();
    const bullmq = await ofBullmq(stage, form);
    return [
      figure(`${what}, HTTP, p50`, [quantile(usual, 0.5), "ms"], atMost(10)),
      figure(`${what}, HTTP, p99`, [quantile(usual, 0.99), "ms"], atMost(50)),
      ...both(`${what} for ${form.longMs / 1_000} s, HTTP`, long),
      ...both(`${what}, BullMQ`, bullmq),
    ];
  },
};

function both(what: string, values: readonly number[]): Row[] {
  return [
    figure(`${what}, p50`, [quantile(values, 0.5), "ms"]),
    figure(`${what}, p99`, [quantile(values, 0.99), "ms"]),
  ];
}

async function ofDabba(stage: Stage, { samples }: Form): Promise<number[]> {
  const orders = { way: stage.http, namespaces: ["bench"] };
  await using worker = startProgram("programs/worker_main.ts", orders);
  await worker.next();
  await using opened = openWay(stage.http);
  const dabba = new Dabba({ broker: opened.broker, tasks: { send } });
  return await sample(samples, worker, (input) => dabba.tasks.send.enqueue(input));
}

async function ofBullmq(stage: Stage, { samples }: Form): Promise<number[]> {
  const orders = { url: stage.server.url };
  await using worker = startProgram("programs/bullmq_worker_main.ts", orders);
  await worker.next();
  const redis = new Redis(stage.server.url);
  const queue = new Queue("bench", { connection: redis });
  const latencies = await sample(samples, worker, (input) => queue.add("email.send", input));
  await queue.close();
  redis.disconnect();
  return latencies;
}

const stamped = () => ({
  ...payload(0),
  email: String(performance.timeOrigin + performance.now()),
});

async function sample(
  samples: number,
  worker: Running,
  enqueue: (input: ReturnType<typeof payload>) => Promise<unknown>,
): Promise<number[]> {
  const latencies: number[] = [];
  // The first one finds scripts, schemas and connections cold.
  for (let i = -1; i < samples; i++) {
    await pause(gapMs());
    await enqueue(stamped());
    const { startedAfterMs } = await worker.next();
    if (i >= 0) latencies.push(startedAfterMs!);
  }
  return latencies;
}

/** Many workers wait at once: each gives one sample in all that time. */
async function afterLong(stage: Stage, { workers, longMs }: Form): Promise<number[]> {
  const namespaces = Array.from({ length: workers }, (_, i) => `long-${i}`);
  const orders = { way: stage.http, namespaces };
  await using worker = startProgram("programs/worker_main.ts", orders);
  await worker.next();
  const producers = namespaces.map((namespace) =>
    new Dabba({ broker: openWay(stage.http, namespace).broker, tasks: { send } })
  );
  const latencies: number[] = [];
  for (const idleMs of [0, longMs]) {
    await pause(idleMs);
    latencies.length = 0;
    for (const { tasks } of producers) {
      await tasks.send.enqueue(stamped());
      const { startedAfterMs } = await worker.next();
      latencies.push(startedAfterMs!);
    }
  }
  return latencies;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
