/** The same run under SIGKILLs, of BullMQ: what a peer needs on this machine, beside our own figure. */

import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { startRedisServer } from "../support/redis_server.ts";
import { randomOf, type Scale } from "./check.ts";
import { backP99, killInTurn, type KillPlan, type KillRun, sleeps, SLOTS } from "./kill_run.ts";
import { type Audit, audit, LedgerWriter, readLedger } from "./ledger.ts";
import { Fleet } from "./processes.ts";
import { pause } from "./store.ts";

/** Tells a worker process what to do. */
export interface BullOrders {
  /** Where its Redis listens. */
  readonly port: number;
  readonly concurrency: number;
  /** How long a lock lasts, and how often stalled jobs are looked for: by default 30 seconds each. */
  readonly leaseMs: number;
  /** The folder of the ledger. */
  readonly ledger: string;
}

/** Is what came of it. */
export type BullRun = Audit & Pick<KillRun, "kills" | "seconds" | "backP99Ms">;

const PROGRAM = new URL("bullmq_main.ts", import.meta.url).href;
const BATCH = 500;

/** Plays it, with the same plan, seed and jobs. */
export async function bullmqRun(plan: KillPlan, scale: Scale): Promise<BullRun> {
  await using resources = new AsyncDisposableStack();
  const ledger = await Deno.makeTempDir({ prefix: "dabba-chaos-" });
  resources.defer(() => Deno.remove(ledger, { recursive: true }));
  const config = { appendonly: "yes", appendfsync: "everysec", "maxmemory-policy": "noeviction" };
  const { port } = resources.use(await startRedisServer({ config }));
  const redis = new Redis(port, "127.0.0.1", { maxRetriesPerRequest: null });
  resources.defer(() => redis.disconnect());
  const queue = new Queue("work", { connection: redis });
  resources.defer(() => queue.close());
  const writer = resources.use(new LedgerWriter(ledger));
  const jobs = sleeps(plan.jobs, plan.takesMs, randomOf(scale.seed));
  for (let at = 0; at < jobs.length; at += BATCH) {
    const some = jobs.slice(at, at + BATCH).map((data) => ({ name: "work", data }));
    for (const { id } of await queue.addBulk(some)) writer.write("acknowledged", { id: id! });
  }
  const orders = { port, concurrency: SLOTS, leaseMs: plan.leaseMs, ledger };
  const fleet = resources.use(new Fleet<BullOrders>(orders, PROGRAM));
  const store = { quiet: () => isQuiet(queue), untilQuiet: (ms: number) => untilQuiet(queue, ms) };
  const course = await killInTurn(fleet, { plan, scale, name: "BullMQ", store });
  const entries = await readLedger(ledger);
  const dead = new Set((await queue.getFailed()).map(({ id }) => id!));
  return { ...audit(entries, dead), ...course, backP99Ms: backP99(entries, fleet.kills) };
}

async function isQuiet(queue: Queue): Promise<boolean> {
  return await queue.getJobCountByTypes("waiting", "active", "delayed") === 0;
}

async function untilQuiet(queue: Queue, limitMs: number): Promise<boolean> {
  const endsAt = performance.now() + limitMs;
  while (!await isQuiet(queue)) {
    if (performance.now() > endsAt) return false;
    await pause(50);
  }
  return true;
}
