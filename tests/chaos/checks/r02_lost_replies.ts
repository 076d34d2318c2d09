import type { Fault, FaultRule } from "../../../src/testing/mod.ts";
import { startRedisServer } from "../../support/redis_server.ts";
import { type Check, randomOf, ruleOfThree, type Scale } from "../check.ts";
import { playPosition } from "../positions.ts";
import type { Job } from "../jobs.ts";
import { POLLING } from "../kill_run.ts";
import { Fleet } from "../processes.ts";
import { Place } from "../store.ts";

const WORKERS = 4;
const TIMEOUT_MS = 1_000;
/** As by default: two lost replies in a row must not fail an enqueue here, where one in four is. */
const DEADLINE_MS = 10_000;
const LIMIT_MS = 120_000;
/** Small, so that there are many requests to disturb. */
const BATCH = 20;
const SCRIPTS = ["push", "exchange", "redrive", "cancel"];
const RATE = 0.05;
const DRAWN: readonly Fault[] = ["drop-reply", "duplicate", "late-reply", "late-run", "reset"];

export const check: Check = {
  id: "R2",
  title: "replies that are lost, doubled or late",
  goal: "each id once, 0 lost, 0 stuck, 0 extra starts, each failure counted once; " +
    "every fault at every position harmless",
  async run(scale) {
    const run = await drawnRun(scale);
    const single = await everyPosition(scale);
    const figure =
      `${run.figure}; ${single.right} of ${single.played} single faults at the first ` +
      `calls of ${SCRIPTS.join(", ")} harmless`;
    return { figure, met: run.met && single.right === single.played };
  },
};

/** Some report progress, some fail once or twice, some die and are sent round again. */
function jobsOf(count: number, random: () => number): Job[] {
  return Array.from({ length: count }, () => {
    const fails = random() < 0.15 ? Math.ceil(random() * 3) : 0;
    return { kind: "sleep", ms: Math.round(random() * 30), progress: random() < 0.2, fails };
  });
}

async function drawnRun(scale: Scale): Promise<{ figure: string; met: boolean }> {
  const count = scale.full ? 10_000 : 1_000;
  const rules: FaultRule[] = DRAWN.map((fault) => ({ fault, probability: RATE, on: SCRIPTS }));
  const faults = { rules, seed: scale.seed, lateMs: TIMEOUT_MS * 1.5 };
  await using place = await Place.open("redis", {
    faults,
    timeout: TIMEOUT_MS,
    deadline: DEADLINE_MS,
  });
  const worker = { concurrency: 20, lease: "30s", polling: POLLING } as const;
  await using fleet = new Fleet({ store: place.address, ledger: place.folder, worker });
  for (let i = 0; i < WORKERS; i++) fleet.start();
  const jobs = jobsOf(count, randomOf(scale.seed));
  const ids: string[] = [];
  for (let at = 0; at < count; at += BATCH) {
    ids.push(...await place.enqueue(jobs.slice(at, at + BATCH)));
  }
  await place.untilQuiet(LIMIT_MS);
  const died = await sendRound(place);
  await place.untilQuiet(LIMIT_MS);
  await place.faulty!.settle();
  const faultsPlayed = [...place.faulty!.counts.values()].reduce((sum, n) => sum + n, 0);
  const requests = place.faulty!.requests;
  place.faulty!.rules = [];
  const reckoning = await place.reckon();
  const miscounted = await countWrong(place, ids, jobs);
  scale.say(`${faultsPlayed} faults in ${requests} requests`);
  const { lost, stuck, extra, stale, dead, findings, acknowledged } = reckoning;
  const unique = new Set(ids).size;
  const figure = `${unique} ids of ${count}, ${lost.length} lost, ${stuck.length} stuck, ` +
    `${extra.length} extra starts, ${miscounted} miscounted, ${died} died and sent round again, ` +
    `${findings} findings, ${faultsPlayed} faults in ${requests} requests (${ruleOfThree(count)})`;
  const wrong = lost.length + stuck.length + extra.length + stale.length + dead.size + findings +
    miscounted;
  return { figure, met: wrong === 0 && unique === count && acknowledged === count && died > 0 };
}

/** Sends what is dead round again, until nothing is. */
async function sendRound(place: Place): Promise<number> {
  let died = 0;
  for (;;) {
    const redriven = await place.redriveAll();
    if (redriven === 0) return died;
    died += redriven;
    await place.untilQuiet(LIMIT_MS);
  }
}

/** Messages whose attempts the store has not counted as the ledger has them. */
async function countWrong(
  place: Place,
  ids: readonly string[],
  jobs: readonly Job[],
): Promise<number> {
  let wrong = 0;
  for (let at = 0; at < ids.length; at += 500) {
    const records = await place.broker.read(ids.slice(at, at + 500));
    for (const [i, record] of records.entries()) {
      const job = jobs[at + i]!;
      const fails = job.kind === "sleep" ? job.fails ?? 0 : 0;
      // Sent round again, it begins with a fresh count, and succeeds.
      const expected = fails === 3 ? 0 : fails;
      const fences = fails + 1;
      if (record?.failures !== expected || record.fence !== fences) wrong++;
    }
  }
  return wrong;
}

async function everyPosition({ full, say }: Scale): Promise<{ right: number; played: number }> {
  const places = SCRIPTS.flatMap((on) =>
    (full ? [1, 2, 3] : [1]).flatMap((nth) => FAULTS_AT.map((fault) => ({ on, nth, fault })))
  );
  await using server = await startRedisServer();
  let right = 0;
  let next = 0;
  await Promise.all(Array.from({ length: 8 }, async () => {
    while (next < places.length) {
      const wrong = await playPosition(places[next++]!, server.url);
      if (wrong === undefined) right++;
      else say(wrong);
    }
  }));
  return { right, played: places.length };
}

const FAULTS_AT: readonly Fault[] = [
  ...DRAWN,
  ...[
    "no-reply",
    "lost-reply",
    "error-before",
    "error-after",
    "html-before",
    "html-after",
  ] as const,
  ...["throttled-before", "throttled-after", "half-body", "garbage"] as const,
];
