import { type Check, randomOf, ruleOfThree, type Scale } from "../check.ts";
import type { Job } from "../jobs.ts";
import { type KillPlan, killRun, POLLING, sleeps } from "../kill_run.ts";
import { Fleet } from "../processes.ts";
import { Place } from "../store.ts";

/** The default of tasks. */
const MAX_CRASHES = 8;
const WORKERS = 4;
const HEAP_MB = 96;
const WATCHDOG_MS = 1_500;

interface MixPlan {
  readonly good: number;
  /** How many of each kind. */
  readonly poison: Readonly<Record<"exit" | "allocate" | "spin", number>>;
  readonly leaseMs: number;
  readonly limitMs: number;
}

const MIX = {
  full: {
    ...{ good: 1_000, poison: { exit: 7, allocate: 7, spin: 6 } },
    ...{ leaseMs: 3_000, limitMs: 300_000 },
  },
  short: {
    ...{ good: 100, poison: { exit: 1, allocate: 1, spin: 1 } },
    ...{ leaseMs: 2_000, limitMs: 60_000 },
  },
};

// Half of the workers' lives are shorter than a job: what is killed with a worker is innocent.
const INNOCENT: Readonly<Record<"full" | "short", KillPlan>> = {
  full: {
    ...{ jobs: 1_000, takesMs: [800, 1_600], leaseMs: 3_000 },
    ...{ everyMs: 1_000, kills: 100, limitMs: 120_000 },
  },
  short: {
    ...{ jobs: 100, takesMs: [200, 400], leaseMs: 1_000 },
    ...{ everyMs: 250, kills: 20, limitMs: 30_000 },
  },
};

export const check: Check = {
  id: "R8",
  title: "jobs that kill their worker, and innocent ones beside them",
  goal: "each poison buried after at most 8 starts (maxCrashes), all good ones done, " +
    "0 good ones buried",
  async run(scale) {
    const size = scale.full ? "full" : "short";
    const mix = await mixRun(MIX[size], scale);
    const plan = INNOCENT[size];
    const run = await killRun("redis", plan, scale);
    const figure = `${mix.figure}; killed at random: ${run.dead.size} of ${plan.jobs} buried, ` +
      `${run.lost.length} lost, ${run.stuck.length} stuck, ${run.extra.length} extra starts in ` +
      `${run.kills} kills, ${run.seconds} s, ${run.findings} findings ` +
      `(${ruleOfThree(plan.jobs)})`;
    const innocent = run.acknowledged === plan.jobs && run.dead.size === 0 &&
      run.lost.length === 0 && run.stuck.length === 0 && run.findings === 0;
    return { figure, met: mix.met && innocent };
  },
};

async function mixRun(plan: MixPlan, scale: Scale): Promise<{ figure: string; met: boolean }> {
  await using place = await Place.open("redis");
  const random = randomOf(scale.seed);
  const { good, poison } = await enqueueMix(place, plan, random);
  const worker = { concurrency: 10, lease: plan.leaseMs, polling: POLLING };
  await using fleet = new Fleet({ store: place.address, ledger: place.folder, worker });
  const stop = new AbortController();
  const slots = Array.from({ length: WORKERS }, async () => {
    while (!stop.signal.aborted) {
      await fleet.start({}, { watchdogMs: WATCHDOG_MS, heapMb: HEAP_MB }).ended;
    }
  });
  await place.untilQuiet(plan.limitMs);
  stop.abort();
  for (const process of fleet.processes) process.kill("SIGKILL");
  await Promise.all(slots);
  const { entries, stuck, dead, findings, lost } = await place.reckon();
  const starts = Map.groupBy(entries.filter(({ what }) => what === "start"), ({ id }) => id);
  const most = Math.max(...[...poison].map((id) => starts.get(id)?.length ?? 0));
  const { letters } = await place.dabba.inspect.dead({ limit: 1_000 });
  const buried = letters.filter(({ id, error }) => poison.has(id) && error?.name === "PoisonError");
  const goodDead = [...dead].filter((id) => good.has(id)).length;
  const effects = new Set(entries.filter(({ what }) => what === "effect").map(({ id }) => id));
  const done = [...good].filter((id) => effects.has(id) && !dead.has(id)).length;
  const crashes = fleet.processes.length - WORKERS;
  const figure = `${buried.length} of ${poison.size} poison jobs buried after at most ${most} ` +
    `starts, ${done} of ${good.size} good ones done, ${goodDead} buried, ${lost.length} lost, ` +
    `${stuck.length} stuck, ${crashes} workers died, ${findings} findings`;
  const met = buried.length === poison.size && most <= MAX_CRASHES && done === good.size &&
    goodDead === 0 && stuck.length === 0 && lost.length === 0 && findings === 0;
  return { figure, met };
}

async function enqueueMix(
  place: Place,
  plan: MixPlan,
  random: () => number,
): Promise<{ good: Set<string>; poison: Set<string> }> {
  const kinds = Object.entries(plan.poison) as ["exit" | "allocate" | "spin", number][];
  const jobs: Job[] = kinds.flatMap(([kind, count]) =>
    Array.from({ length: count }, () => ({ kind }))
  );
  jobs.push(...sleeps(plan.good, [15, 45], random));
  const mixed = jobs.map((job) => ({ job, at: random() })).toSorted((a, b) => a.at - b.at);
  const ids = await place.enqueue(mixed.map(({ job }) => job));
  const isGood = (i: number) => mixed[i]!.job.kind === "sleep";
  return {
    good: new Set(ids.filter((_, i) => isGood(i))),
    poison: new Set(ids.filter((_, i) => !isGood(i))),
  };
}
