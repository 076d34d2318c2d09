import { type Check, randomOf, ruleOfThree } from "../check.ts";
import { POLLING, sleeps } from "../kill_run.ts";
import type { Entry } from "../ledger.ts";
import { Fleet } from "../processes.ts";
import { Place, type Reckoning } from "../store.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const SKEWS_MS = [-10 * MINUTE_MS, 10 * MINUTE_MS, 24 * HOUR_MS];
const LEASE_MS = 2_000;
const EARLY_MS = 1_000;
const LIMIT_MS = 120_000;
/** Longer than the jumps: what is forgotten cannot be told from what was never there. */
const RETAIN = "1d";

/** Is a change of the store's clock, by the machine's. */
interface Jump {
  readonly ms: number;
  readonly offset: number;
}

export const check: Check = {
  id: "R12",
  title: "clocks that are wrong, and that jump",
  goal: "0 early, 0 leases stolen by skew; after a jump 0 lost, 0 stuck, extra starts ≤ in flight",
  async run(scale) {
    const [count, slots] = scale.full ? [1_000, 50] : [100, 15];
    const skewed = await play({ count, slots, jumps: [], seed: scale.seed });
    scale.say("workers of −10 min, +10 min and +1 day are through");
    const jumps = [HOUR_MS, 0, HOUR_MS];
    const jumped = await play({ count, slots, jumps, seed: scale.seed });
    // A clock that goes forward ends each lease that is held.
    const inFlight = SKEWS_MS.length * slots * jumps.filter((offset) => offset > 0).length;
    const figure = `skew: ${tell(skewed)}; store's clock by +1 h, −1 h, +1 h: ${tell(jumped)} ` +
      `(in flight at most ${inFlight}; each of ${2 * count}, ${ruleOfThree(2 * count)})`;
    const met = isSound(skewed, count) && isSound(jumped, count) &&
      skewed.extra.length === 0 && jumped.extra.length <= inFlight;
    return { figure, met };
  },
};

type Played = Reckoning & { readonly early: number };

function tell({ lost, stuck, extra, early, findings }: Played): string {
  return `${early} early, ${lost.length} lost, ${stuck.length} stuck, ${extra.length} extra ` +
    `starts, ${findings} findings`;
}

function isSound(
  { lost, stuck, stale, dead, early, findings, acknowledged }: Played,
  count: number,
) {
  return lost.length + stuck.length + stale.length + dead.size + early + findings === 0 &&
    acknowledged === 2 * count;
}

/** Half of the jobs are delayed, half run for longer than their lease; the clock jumps as they run. */
async function play({ count, slots, jumps, seed }: {
  readonly count: number;
  readonly slots: number;
  readonly jumps: readonly number[];
  readonly seed: number;
}): Promise<Played> {
  const random = randomOf(seed);
  await using place = await Place.open("redis", { steered: true });
  const worker = { concurrency: slots, lease: LEASE_MS, polling: POLLING };
  await using fleet = new Fleet({ store: place.address, ledger: place.folder, worker });
  for (const process of SKEWS_MS.map((skewMs) => fleet.start({ skewMs }))) await process.ready;
  const dueAt = new Map<string, number>();
  // Without a jump they are due within seconds, otherwise only because of it.
  const steps = jumps.length === 0 ? 300 : 3 * MINUTE_MS;
  for (let step = 1; step <= 10; step++) {
    const delay = step * steps;
    const earliest = Date.now() + delay;
    const jobs = sleeps(count / 10, [10, 50], random);
    for (const id of await place.enqueue(jobs, { delay, retain: RETAIN })) dueAt.set(id, earliest);
  }
  const long = sleeps(count, [LEASE_MS / 2, LEASE_MS * 2], random);
  await place.enqueue(long, { retain: RETAIN });
  const jumped: Jump[] = [{ ms: 0, offset: 0 }];
  for (const [i, offset] of jumps.entries()) {
    const begun = Math.floor(count * (i + 1) / (jumps.length + 2));
    await place.untilWritten((entries) => startedOf(entries, dueAt) >= begun, LIMIT_MS);
    jumped.push({ ms: Date.now(), offset });
    await place.setClock(offset);
  }
  await place.untilQuiet(LIMIT_MS);
  const reckoning = await place.reckon();
  const early = reckoning.entries.filter(({ what, id, ms }) => {
    const due = dueAt.get(id);
    return what === "start" && due !== undefined && storeTime(ms, jumped) < due - EARLY_MS;
  });
  return { ...reckoning, early: early.length };
}

/** Counts the messages that were not delayed and have begun. */
function startedOf(entries: readonly Entry[], delayed: ReadonlyMap<string, number>): number {
  const starts = entries.filter(({ what, id }) => what === "start" && !delayed.has(id));
  return new Set(starts.map(({ id }) => id)).size;
}

/** The store's clock; a message may have been claimed just before the clock went back. */
function storeTime(ms: number, jumps: readonly Jump[]): number {
  const offsets = jumps.filter((jump, i) =>
    jump.ms <= ms && (jumps[i + 1]?.ms ?? Infinity) > ms - EARLY_MS
  );
  return ms + Math.max(...offsets.map(({ offset }) => offset));
}
