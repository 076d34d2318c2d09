import { BrokerError } from "../../../src/errors.ts";
import { type Check, randomOf, type Scale } from "../check.ts";
import type { Job } from "../jobs.ts";
import { POLLING, sleeps } from "../kill_run.ts";
import { Fleet } from "../processes.ts";
import { pause, Place } from "../store.ts";

const IN_FLIGHT = 500;
const WORKERS = 4;
const LIMIT_MS = 60_000;
const AGAIN_MS = 1_000;

export const check: Check = {
  id: "R9",
  title: "a Redis that is full",
  goal: "every enqueue refused whole and by its name, 500 of 500 in flight renewed and settled, " +
    "0 leases lost, enqueues work ≤ 1 s after there is room",
  async run(scale) {
    await using place = await Place.open("redis");
    const worker = { concurrency: IN_FLIGHT / WORKERS, lease: "2s", polling: POLLING } as const;
    await using fleet = new Fleet({ store: place.address, ledger: place.folder, worker });
    for (const one of Array.from({ length: WORKERS }, () => fleet.start())) await one.ready;
    await place.enqueue(jobsOf(scale));
    const started = () =>
      place.untilWritten((entries) => {
        return entries.filter(({ what }) => what === "start").length >= IN_FLIGHT;
      }, LIMIT_MS);
    await started();
    const { redis } = place.gateway!;
    await redis.config("SET", "maxmemory", "1");
    const tried = scale.full ? 1_000 : 200;
    const refused = await tryEnqueues(place, tried);
    const settled = await place.untilQuiet(LIMIT_MS);
    const { queues } = await place.broker.stats();
    const added = queues.reduce((sum, { ready, later }) => sum + ready + later, 0);
    await redis.config("SET", "maxmemory", "0");
    const againMs = await untilEnqueued(place);
    await place.untilQuiet(LIMIT_MS);
    const { lost, stuck, extra, entries, stale, findings } = await place.reckon();
    const refusals = entries.filter(({ what }) => what === "refused").length;
    const done = new Set(entries.filter(({ what }) => what === "accepted").map(({ id }) => id));
    const figure = `${refused} of ${tried} enqueues refused as full, ${added} half-written; ` +
      `${done.size - 1} of ${IN_FLIGHT} in flight settled${settled ? "" : " too late"}, ` +
      `${refusals} leases lost, ${extra.length} extra starts; enqueue works after ${againMs} ms; ` +
      `${lost.length} lost, ${stuck.length} stuck, ${findings} findings`;
    const wrong = added + refusals + extra.length + lost.length + stuck.length + stale.length +
      findings;
    const met = wrong === 0 && settled && refused === tried && done.size === IN_FLIGHT + 1 &&
      againMs <= AGAIN_MS;
    return { figure, met };
  },
};

/** Longer than two leases, so that each is renewed while Redis is full; a tenth fail once. */
function jobsOf({ full, seed }: Scale): Job[] {
  const random = randomOf(seed);
  const jobs = sleeps(IN_FLIGHT, full ? [5_000, 15_000] : [4_500, 6_000], random);
  return jobs.map((job, i) => ({
    ...job as Job & { kind: "sleep" },
    laterMs: 10,
    progress: i % 5 === 0,
    fails: i % 10 === 0 ? 1 : 0,
  }));
}

async function tryEnqueues(place: Place, count: number): Promise<number> {
  let refused = 0;
  for (let i = 0; i < count; i++) {
    try {
      await place.work.enqueue({ kind: "sleep", ms: 1 });
    } catch (error) {
      if (error instanceof BrokerError && error.full) refused++;
    }
  }
  return refused;
}

async function untilEnqueued(place: Place): Promise<number> {
  const since = performance.now();
  while (performance.now() < since + LIMIT_MS) {
    try {
      await place.enqueue([{ kind: "sleep", ms: 1 }]);
      return Math.round(performance.now() - since);
    } catch {
      await pause(10);
    }
  }
  return Infinity;
}
