/** Does the same as `dabba_main.ts` with BullMQ. */

import { type Job, Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { BULLMQ_OPTIONS, doWork, payload, type Work } from "../way.ts";

/** Is what the program is told. */
interface Orders {
  readonly url: string;
  readonly act: "bulk" | "process";
  readonly messages: number;
  readonly warmUp: number;
  readonly concurrency: number;
  readonly work: Work;
}

const A_CALL = 1_000;

const orders: Orders = JSON.parse(Deno.args[0]!);
const redis = new Redis(orders.url, { maxRetriesPerRequest: null });
const queue = new Queue("bench", { connection: redis });
await queue.waitUntilReady();

async function enqueue(count: number): Promise<void> {
  for (let at = 0; at < count; at += A_CALL) {
    const length = Math.min(A_CALL, count - at);
    await queue.addBulk(
      Array.from({ length }, (_, i) => ({
        name: "email.send",
        data: payload(at + i),
        opts: BULLMQ_OPTIONS,
      })),
    );
  }
}

async function work(count: number): Promise<void> {
  let left = count;
  const done = Promise.withResolvers<void>();
  const handler = async (_: Job) => await doWork(orders.work);
  const worker = new Worker("bench", handler, {
    connection: redis,
    concurrency: orders.concurrency,
  });
  worker.on("completed", () => {
    if (--left === 0) done.resolve();
  });
  worker.on("failed", (_, error) => done.reject(error));
  await done.promise;
  await worker.close();
}

async function timed(act: () => Promise<void>, count: number): Promise<number> {
  const startedAt = performance.now();
  await act();
  return count / (performance.now() - startedAt) * 1_000;
}

async function measure(): Promise<number> {
  const { act, messages, warmUp } = orders;
  await enqueue(warmUp);
  if (act === "bulk") return await timed(() => enqueue(messages), messages);
  if (warmUp > 0) await work(warmUp);
  await enqueue(messages);
  return await timed(() => work(messages), messages);
}

const perSecond = await measure();
await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify({ perSecond })}\n`));
await queue.close();
redis.disconnect();
