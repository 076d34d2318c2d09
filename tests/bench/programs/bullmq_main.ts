/** Does the same as `dabba_main.ts` with BullMQ. */

import { type Job, Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { BULLMQ_OPTIONS, doWork, payload } from "../way.ts";
import { inCalls, type RateOrders, sayRate } from "./rate.ts";

const orders: RateOrders & { act: "bulk" | "process"; url: string } = JSON.parse(Deno.args[0]!);
const redis = new Redis(orders.url, { maxRetriesPerRequest: null });
const queue = new Queue("bench", { connection: redis });
await queue.waitUntilReady();

await sayRate(orders, {
  enqueue: (all) =>
    inCalls(
      { all, call: orders.call },
      (first, count) =>
        queue.addBulk(Array.from({ length: count }, (_, i) => ({
          name: "email.send",
          data: payload(first + i),
          opts: BULLMQ_OPTIONS,
        }))),
    ),

  async work(count) {
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
  },
});
await queue.close();
redis.disconnect();
