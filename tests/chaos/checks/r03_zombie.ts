import { type Check, ruleOfThree, type Scale } from "../check.ts";
import type { Job } from "../jobs.ts";
import { POLLING } from "../kill_run.ts";
import { playLateRequests } from "../late_requests.ts";
import type { Entry, What } from "../ledger.ts";
import { Fleet } from "../processes.ts";
import { pause, Place } from "../store.ts";

const LEASE_MS = 1_000;
const LIMIT_MS = 60_000;
/** How soon after waking a handler must know: one heartbeat. */
const ABORT_MS = LEASE_MS / 3;

export const check: Check = {
  id: "R3",
  title: "workers frozen for two leases, then woken",
  goal:
    "0 stale accepts, nothing changed by the loser, handlers aborted within a heartbeat of waking",
  async run(scale) {
    const [rounds, each] = scale.full ? [10, 50] : [1, 20];
    await using place = await Place.open("redis");
    const sum = { trials: 0, changed: 0, running: 0, aborted: 0, slowestMs: 0 };
    for (let round = 1; round <= rounds; round++) {
      const came = await freeze(place, each);
      sum.trials += each;
      sum.changed += came.changed;
      sum.running += came.running;
      sum.aborted += came.abortedAfterMs.length;
      sum.slowestMs = Math.max(sum.slowestMs, ...came.abortedAfterMs);
      tell(scale, round, rounds);
    }
    const { stale, lost, stuck, dead, findings, acknowledged } = await place.reckon();
    const late = [await playLateRequests("redis"), await playLateRequests("sqlite")];
    const requests = late.reduce((count, { trials }) => count + trials, 0);
    const wrong = late.flatMap((one) => one.wrong);
    const figure = `${stale.length} stale accepts, ${sum.changed} changed by the loser, ` +
      `${lost.length} lost, ${stuck.length} stuck of ${sum.trials}; aborted in ${sum.aborted} of ` +
      `${sum.running} that still ran, at most ${sum.slowestMs} ms after waking, ` +
      `${findings} findings (${ruleOfThree(sum.trials)}); ${wrong.length} of ${requests} late ` +
      `requests of every kind taken, or changed a byte${wrong.length > 0 ? `: ${wrong[0]}` : ""}`;
    const met = wrong.length === 0 && dead.size === 0 && acknowledged === sum.trials &&
      stale.length === 0 && sum.changed === 0 &&
      lost.length === 0 && stuck.length === 0 && findings === 0 &&
      sum.aborted === sum.running && sum.slowestMs <= ABORT_MS;
    return { figure, met };
  },
};

function tell(scale: Scale, round: number, rounds: number): void {
  if (round < rounds) scale.say(`round ${round} of ${rounds}`);
}

/**
 * Some wait for their signal; some end while frozen, in each way there is, and say so on waking; some
 * end later, and some of these have progress to report on waking.
 */
function zombies(count: number): Job[] {
  const kinds: readonly Job[] = [
    { kind: "sleep", ms: 600_000, laterMs: 10 },
    { kind: "deaf", ms: LEASE_MS * 1.5, laterMs: 10 },
    { kind: "deaf", ms: LEASE_MS * 1.5, laterMs: 10, ends: "failed" },
    { kind: "deaf", ms: LEASE_MS * 1.5, laterMs: 10, ends: "rejected" },
    { kind: "deaf", ms: LEASE_MS * 1.5, laterMs: 10, ends: "deferred" },
    { kind: "deaf", ms: LEASE_MS * 5, laterMs: 10 },
    { kind: "deaf", ms: LEASE_MS * 5, laterMs: 10, talksAtMs: LEASE_MS * 1.5 },
  ];
  return Array.from({ length: count }, (_, i) => kinds[i % kinds.length]!);
}

async function freeze(place: Place, count: number): Promise<{
  readonly changed: number;
  readonly running: number;
  readonly abortedAfterMs: readonly number[];
}> {
  const worker = { concurrency: count, lease: LEASE_MS, polling: POLLING };
  await using fleet = new Fleet({ store: place.address, ledger: place.folder, worker });
  const jobs = zombies(count);
  const loser = fleet.start();
  await loser.ready;
  const ids = await place.enqueue(jobs);
  const all = (what: What, loses: boolean) => (entries: readonly Entry[]) =>
    countOf(entries, { what, ids, by: loses ? loser.pid : -loser.pid }) === ids.length;
  await place.untilWritten(all("start", true), LIMIT_MS);
  loser.kill("SIGSTOP");
  const frozen = pause(2 * LEASE_MS);
  const winner = fleet.start();
  await place.untilWritten(all("accepted", false), LIMIT_MS);
  await frozen;
  winner.kill("SIGTERM");
  await winner.ended;
  const before = await place.broker.read(ids);
  const wokenAt = Date.now();
  loser.kill("SIGCONT");
  await place.untilWritten(all("refused", true), LIMIT_MS);
  const later = ids.filter((_, i) => isDeafForLong(jobs[i]!));
  await place.untilWritten(
    (entries) => countOf(entries, { what: "effect", ids: later, by: loser.pid }) === later.length,
    LIMIT_MS,
  );
  loser.kill("SIGTERM");
  await loser.ended;
  const after = await place.broker.read(ids);
  const changed = ids.filter((_, i) => JSON.stringify(before[i]) !== JSON.stringify(after[i]));
  // Whoever was done in the moment of waking has no signal to hear any more.
  const running = new Set(
    ids.filter((_, i) => jobs[i]!.kind === "sleep" || later.includes(ids[i]!)),
  );
  const { entries } = await place.reckon();
  const aborted = entries.filter(({ what, id, pid }) =>
    what === "aborted" && pid === loser.pid && running.has(id)
  );
  const abortedAfterMs = aborted.map(({ ms }) => ms - wokenAt);
  return { changed: changed.length, running: running.size, abortedAfterMs };
}

const isDeafForLong = (job: Job) => job.kind === "deaf" && job.ms > 2 * LEASE_MS;

/** Counts the messages of which one process, or with a negative pid any other one, wrote this. */
function countOf(
  entries: readonly Entry[],
  { what, ids, by }: { what: What; ids: readonly string[]; by: number },
): number {
  const wanted = new Set(ids);
  const found = entries.filter((entry) =>
    entry.what === what && wanted.has(entry.id) && (by > 0 ? entry.pid === by : entry.pid !== -by)
  );
  return new Set(found.map(({ id }) => id)).size;
}
