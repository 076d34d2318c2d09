/** Does the same as `worker_main.ts` with BullMQ. */

import { type Job, Worker } from "bullmq";
import { Redis } from "ioredis";
import { sayJson } from "../../support/lines.ts";

const { url }: { url: string } = JSON.parse(Deno.args[0]!);

const now = () => performance.timeOrigin + performance.now();
const handler = (job: Job) =>
  Promise.resolve(sayJson({ startedAfterMs: now() - Number(job.data.email) }));
const worker = new Worker("bench", handler, {
  connection: new Redis(url, { maxRetriesPerRequest: null }),
  concurrency: 10,
});
await worker.waitUntilReady();
sayJson({ ready: 1 });
