import { type Check, randomOf, ruleOfThree } from "../check.ts";
import type { Job } from "../jobs.ts";
import { POLLING, sleeps } from "../kill_run.ts";
import { type Entry, startsOf } from "../ledger.ts";
import { Fleet } from "../processes.ts";
import { pause, Place } from "../store.ts";

const SLOTS = 4;
const LEASE_MS = 30_000;
/** What was handed back must be begun again within this time: at once, not after the lease. */
const BACK_MS = 10_000;

const SIZES = {
  full: { restarts: 50, jobs: 1_500, longestMs: 8_000, graceMs: 10_000, limitMs: 600_000 },
  short: { restarts: 5, jobs: 150, longestMs: 800, graceMs: 1_000, limitMs: 60_000 },
};

export const check: Check = {
  id: "R24",
  title: "rolling restarts with SIGTERM",
  goal: "0 lost, 0 extra starts, each exit within grace + 1 s, what is over the grace back at once",
  async run(scale) {
    const size = scale.full ? SIZES.full : SIZES.short;
    const random = randomOf(scale.seed);
    await using place = await Place.open("redis");
    // What is handed back stands behind a backlog in its line; in a line of its own it is seen how
    // soon it can be had again.
    const { over, within } = jobsOf(size, random);
    await place.enqueue(within);
    const overIds = new Set(await place.enqueue(over, { queue: "over" }));
    const worker = {
      ...{ concurrency: 10, lease: LEASE_MS, grace: size.graceMs, polling: POLLING },
      queues: ["over", "default"],
    };
    await using fleet = new Fleet({ store: place.address, ledger: place.folder, worker });
    const exits: Exit[] = [];
    let left = size.restarts;
    const roll = async () => {
      let process = fleet.start();
      await process.ready;
      while (left-- > 0) {
        // It shall be busy when it is told.
        await pause(500 + random() * 1_000);
        const toldAt = performance.now();
        process.kill("SIGTERM");
        const old = process;
        process = fleet.start();
        const { code } = await old.ended;
        exits.push({ code, ms: Math.round(performance.now() - toldAt) });
        await process.ready;
      }
    };
    await Promise.all(Array.from({ length: SLOTS }, roll));
    scale.say(`${exits.length} restarts are done`);
    await place.untilQuiet(size.limitMs);
    const { entries, lost, stuck, extra, stale, dead, findings, acknowledged } = await place
      .reckon();
    const backs = backAfterMs(entries.filter(({ id }) => overIds.has(id)));
    const slowest = Math.max(...exits.map(({ ms }) => ms));
    const clean = exits.filter(({ code, ms }) => code === 0 && ms <= size.graceMs + 1_000).length;
    const back = Math.max(0, ...backs);
    const figure = `${lost.length} lost, ${stuck.length} stuck, ${extra.length} extra starts of ` +
      `${acknowledged} in ${exits.length} restarts; ${clean} of ${exits.length} exits within ` +
      `${size.graceMs + 1_000} ms (slowest ${slowest} ms); ${backs.length} handed back, begun ` +
      `again after at most ${back} ms, ${findings} findings (lost ${ruleOfThree(acknowledged)})`;
    const met = lost.length + stuck.length + extra.length + stale.length + dead.size === 0 &&
      findings === 0 && clean === size.restarts && backs.length > 0 && back <= BACK_MS;
    return { figure, met };
  },
};

interface Exit {
  readonly code: number;
  readonly ms: number;
}

/** One in fifty takes longer than the grace, whatever it is told, until it is handed back. */
function jobsOf(
  size: typeof SIZES.full,
  random: () => number,
): { readonly over: Job[]; readonly within: Job[] } {
  const count = Math.floor(size.jobs / 50);
  const over: Job = { kind: "deaf", ms: size.graceMs * 3, laterMs: 10 };
  return {
    over: Array.from({ length: count }, () => over),
    within: sleeps(size.jobs - count, [0, size.longestMs], random),
  };
}

/** From each hand-back to the next start of the message. */
function backAfterMs(entries: readonly Entry[]): number[] {
  return [...Map.groupBy(entries, ({ id }) => id).values()].flatMap((group) =>
    group.filter(({ what }) => what === "returned").flatMap(({ fence, ms }) => {
      const next = startsOf(group).find((start) => start.fence > fence);
      return next ? [next.ms - ms] : [];
    })
  );
}
