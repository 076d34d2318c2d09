/** A worker of BullMQ in a process of its own, which writes the same ledger. Its argument: `BullOrders`. */

import { Worker } from "bullmq";
import { Redis } from "ioredis";
import type { BullOrders } from "./bullmq_run.ts";
import { LedgerWriter } from "./ledger.ts";

const orders: BullOrders = JSON.parse(Deno.args[0]!);
const ledger = new LedgerWriter(orders.ledger);
const worker = new Worker<{ readonly ms: number }>("work", async (job) => {
  const about = { id: job.id!, fence: job.attemptsStarted };
  ledger.write("start", about);
  await new Promise((resolve) => setTimeout(resolve, job.data.ms));
  ledger.write("effect", about);
}, {
  connection: new Redis(orders.port, "127.0.0.1", { maxRetriesPerRequest: null }),
  concurrency: orders.concurrency,
  lockDuration: orders.leaseMs,
  stalledInterval: orders.leaseMs,
});
worker.on("completed", (job) => {
  ledger.write("accepted", { id: job.id!, fence: job.attemptsStarted });
});
