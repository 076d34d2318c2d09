/** Does the same as `worker_main.ts` with BullMQ. */

import { type Job, Worker } from "bullmq";
import { Redis } from "ioredis";

const { url }: { url: string } = JSON.parse(Deno.args[0]!);

function say(what: unknown): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(what)}\n`));
}

const now = () => performance.timeOrigin + performance.now();
const handler = (job: Job) =>
  Promise.resolve(say({ startedAfterMs: now() - Number(job.data.email) }));
const worker = new Worker("bench", handler, {
  connection: new Redis(url, { maxRetriesPerRequest: null }),
  concurrency: 10,
});
await worker.waitUntilReady();
say({ ready: 1 });
