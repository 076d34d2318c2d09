import type { Fault } from "../../../src/testing/mod.ts";
import { type Check, randomOf } from "../check.ts";
import { POLLING, sleeps } from "../kill_run.ts";
import { enqueueDirectly, outage, startBoth } from "../outages.ts";
import { Fleet } from "../processes.ts";
import { Place } from "../store.ts";

const KINDS: readonly Fault[] = [
  ...["reset", "html-before", "throttled-before", "error-before", "half-body", "garbage"] as const,
  "full-before",
];
const LIMIT_MS = 60_000;
const BACK_MS = 10_000;
const TOLD_EVERY_MS = 10_000;

export const check: Check = {
  id: "R7",
  title: "manners in outages",
  goal: "0 exits, ≤ 1 request a second and worker, told at most once in 10 s, at work again " +
    "within 10 s of the end; 0 lost, 0 stuck",
  async run(scale) {
    const [workers, ms] = scale.full ? [16, 60_000] : [4, 15_000];
    const kinds = scale.full ? KINDS : [KINDS[scale.seed % 6]!, "full-before" as const];
    await using place = await Place.open("redis", { faults: { seed: scale.seed } });
    const worker = { concurrency: 10, lease: "2m", polling: POLLING } as const;
    await using fleet = new Fleet({ store: place.address, ledger: place.folder, worker });
    await startBoth(fleet, place, workers);
    let exits = 0;
    for (const process of fleet.processes) process.ended.then(() => exits++);
    const random = randomOf(scale.seed);
    const sum = { rate: 0, backMs: 0, kinds: [] as string[] };
    for (const fault of kinds) {
      await enqueueDirectly(place, sleeps(200, [5, 15], random));
      const came = await outage(place, { rules: [{ fault }], ms });
      const rate = came.requests / workers / (ms / 1_000);
      sum.rate = Math.max(sum.rate, rate);
      sum.backMs = Math.max(sum.backMs, came.backMs);
      scale.say(
        `${fault}: ${rate.toFixed(2)} requests a second and worker, back in ${came.backMs} ms`,
      );
      await place.untilQuiet(LIMIT_MS);
    }
    const exited = exits;
    const { lost, stuck, stale, findings, entries, acknowledged } = await place.reckon();
    const soonest = soonestTold(entries.filter(({ what }) => what === "outage"));
    const figure = `${kinds.length} kinds of outage (${kinds.join(", ")}) of ${ms / 1_000} s, ` +
      `${workers} workers: ${exited} exits, at most ${sum.rate.toFixed(2)} requests a second and ` +
      `worker, told at most every ${soonest} ms, at work again after at most ${sum.backMs} ms; ` +
      `${lost.length} lost, ${stuck.length} stuck of ${acknowledged}, ${findings} findings`;
    const wrong = exited + lost.length + stuck.length + stale.length + findings;
    const met = wrong === 0 && sum.rate <= 1 && soonest >= TOLD_EVERY_MS && sum.backMs <= BACK_MS;
    return { figure, met };
  },
};

/** The shortest time between two tellings of one worker. */
function soonestTold(told: readonly { readonly pid: number; readonly ms: number }[]): number {
  let soonest = Infinity;
  for (const own of Map.groupBy(told, ({ pid }) => pid).values()) {
    const times = own.map(({ ms }) => ms).toSorted((a, b) => a - b);
    times.slice(1).forEach((ms, i) => soonest = Math.min(soonest, ms - times[i]!));
  }
  return soonest;
}
