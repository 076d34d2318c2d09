/** Outages: the way to the store breaks for a while; what the workers do in it, and after it. */

import { Dabba } from "../../src/dabba.ts";
import { ioredisClient, RedisBroker } from "../../src/broker/redis/mod.ts";
import { dabbaRoutes } from "../../src/hono/mod.ts";
import type { FaultRule, FaultyHandler } from "../../src/testing/mod.ts";
import { type Job, type Orders, work } from "./jobs.ts";
import { type Entry, readLedger } from "./ledger.ts";
import type { Fleet } from "./processes.ts";
import { pause, type Place } from "./store.ts";

/** Is what came of one outage. */
export interface Outage {
  /** Requests of workers that came in meanwhile. */
  readonly requests: number;
  /** From its end to the next start of a handler, in milliseconds; Infinity if none came. */
  readonly backMs: number;
  /** From its beginning until the health route answered 503, in milliseconds; Infinity for never. */
  readonly redMs: number;
}

const LOOK_MS = 50;
const BACK_LIMIT_MS = 30_000;

/** Enqueues past the faults, straight into Redis. */
export async function enqueueDirectly(place: Place, jobs: readonly Job[]): Promise<void> {
  const { redis, namespace } = place.gateway!;
  const broker = new RedisBroker({ client: ioredisClient(redis), namespace });
  const dabba = new Dabba({ broker, tasks: { work } });
  const receipts = await dabba.tasks.work.enqueueMany(jobs);
  place.acknowledge(receipts.map(({ id }) => id));
}

/** Starts workers, of which every other one has the broker's own client. */
export async function startBoth(fleet: Fleet, place: Place, count: number): Promise<void> {
  const own = { store: { ...place.address, client: "restClient" } } as Partial<Orders>;
  const started = Array.from({ length: count }, (_, i) => fleet.start(i % 2 === 0 ? {} : own));
  for (const one of started) await one.ready;
}

/** Plays one; there must be messages to run when it ends. */
export async function outage(
  place: Place,
  { rules, ms }: { readonly rules: readonly FaultRule[]; readonly ms: number },
): Promise<Outage> {
  const faulty = place.faulty!;
  const app = dabbaRoutes(place.dabba, { secret: "the-secret-of-the-rig", healthDeadline: "1s" });
  faulty.rules = rules;
  const [before, begunAt] = [workersRequests(faulty), Date.now()];
  let redMs = Infinity;
  while (Date.now() < begunAt + ms) {
    if (redMs === Infinity) {
      const { status } = await app.request("/healthz");
      if (status === 503) redMs = Date.now() - begunAt;
    }
    await pause(LOOK_MS);
  }
  const requests = workersRequests(faulty) - before;
  faulty.rules = [];
  const endedAt = Date.now();
  return { requests, redMs, backMs: await untilStart(place, endedAt) };
}

/** Each of them meets a fault, and is counted with it. */
function workersRequests({ counts }: FaultyHandler): number {
  const own = [...counts].filter(([name]) => / (exchange|probe|hmget)$/.test(name));
  return own.reduce((sum, [, count]) => sum + count, 0);
}

async function untilStart(place: Place, sinceMs: number): Promise<number> {
  while (Date.now() < sinceMs + BACK_LIMIT_MS) {
    const started = (await readLedger(place.folder)).filter(({ what, ms }: Entry) =>
      what === "start" && ms >= sinceMs
    );
    if (started.length > 0) return Math.min(...started.map(({ ms }) => ms)) - sinceMs;
    await pause(LOOK_MS);
  }
  return Infinity;
}
