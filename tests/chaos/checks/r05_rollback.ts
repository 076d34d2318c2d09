import { type Check, fsck, randomOf, type Scale } from "../check.ts";
import { POLLING, sleeps } from "../kill_run.ts";
import type { Entry } from "../ledger.ts";
import { Fleet } from "../processes.ts";
import { enqueueStubbornly, partsOf } from "../restarts.ts";
import { replicatedRun } from "../replicated.ts";
import { pause, Place } from "../store.ts";

const WORKERS = 4;
const LIMIT_MS = 120_000;
/** How long the store is away at the last, uncut restart; and how long workers may take to mend. */
const [AWAY_MS, SOUND_MS] = [4_000, 60_000];
/** The largest part of what came since the last cut that is cut off. */
const MOST = 0.5;

export const check: Check = {
  id: "R5",
  title: "the last writes are undone, as by a failover",
  goal: "nothing lost but what was acknowledged after the cut, and with confirm 0; 0 stuck, " +
    "0 stale outcomes taken, 0 ids twice, fsck clean or mended by the workers within a minute, " +
    "without a call",
  async run(scale) {
    const cut = await cutRun(scale);
    const confirmed = await replicatedRun(scale.full ? 1_000 : 200);
    const figure =
      `${cut.figure}; with confirm, ${confirmed.lost} lost of ${confirmed.sent} when ` +
      "the primary was killed and its replica promoted";
    return { figure, met: cut.met && confirmed.lost === 0 && confirmed.sent > 0 };
  },
};

/** Is a cut: when the store was down, by the machine's clock. */
interface Cut {
  readonly downAt: number;
  readonly upAt: number;
}

async function cutRun(scale: Scale): Promise<{ figure: string; met: boolean }> {
  const [jobs, count] = scale.full ? [10_000, 100] : [1_000, 10];
  const config = { appendfsync: "always", "auto-aof-rewrite-percentage": "0" };
  await using place = await Place.open("redis", { config });
  const file = await logOf(place);
  const worker = { concurrency: 10, lease: "2s", polling: POLLING } as const;
  await using fleet = new Fleet({ store: place.address, ledger: place.folder, worker });
  for (const one of Array.from({ length: WORKERS }, () => fleet.start())) await one.ready;
  const random = randomOf(scale.seed);
  /** How long the log was when the store had acknowledged an id. */
  const safeFrom = new Map<string, number>();
  const ids: string[] = [];
  const cuts: Cut[] = [];
  const excused = new Set<string>();
  let from = (await Deno.stat(file)).size;
  for (const part of partsOf(sleeps(jobs, [5, 25], random), count)) {
    for (const some of partsOf(part, 4)) {
      const fresh = (await enqueueStubbornly(place, some)).ids;
      const { size } = await Deno.stat(file);
      for (const id of fresh) safeFrom.set(id, size);
      ids.push(...fresh);
    }
    await pause(random() * 200);
    await place.server!.kill();
    const { size } = await Deno.stat(file);
    const keep = Math.max(from, Math.floor(size - random() * MOST * (size - from)));
    await Deno.truncate(file, keep);
    const downAt = Date.now();
    for (const [id, safe] of safeFrom) if (safe > keep) excused.add(id);
    await place.server!.start();
    cuts.push({ downAt, upAt: Date.now() });
    from = keep;
  }
  await place.untilQuiet(LIMIT_MS);
  // A log that was cut in the middle of a script may leave half of it, at the restart after next:
  // Redis truncates it behind its last whole command, though that is inside of a transaction.
  await place.server!.kill();
  // For longer than the gateway has requests wait: a restart that no worker notices is not mended.
  await pause(AWAY_MS);
  await place.server!.start();
  const mendedMs = await untilSound(place);
  await place.untilQuiet(LIMIT_MS);
  const { stuck, findings, entries } = await place.reckon();
  const lost = stuck.filter((id) => !excused.has(id));
  const waiting = (await place.broker.read(lost.slice(0, 500))).filter((record) => record).length;
  const stale = staleBetween(entries, cuts);
  const mended = entries.filter(({ what }) => what === "mended").length;
  const twice = ids.length - new Set(ids).size;
  const gone = stuck.length - lost.length;
  const figure = `${count} cuts: ${lost.length} lost or stuck (${waiting} of them are there) of ` +
    `${ids.length - excused.size} acknowledged before a cut, ${gone} gone of ${excused.size} ` +
    `acknowledged after one, ${stale} stale outcomes, ${twice} ids twice; ` +
    `${mended} findings mended by workers, the last ${(mendedMs / 1_000).toFixed(1)} s after a ` +
    `restart, ${findings} left`;
  return { figure, met: lost.length + stale + twice + findings === 0 };
}

/** Waits until the store is sound, without repairing it; gives how long that took. */
async function untilSound({ broker }: Place): Promise<number> {
  const begunAt = performance.now();
  for (;;) {
    const findings = await fsck(broker);
    const tookMs = performance.now() - begunAt;
    if (findings.length === 0 || tookMs > SOUND_MS) return tookMs;
    await pause(100);
  }
}

/** Finds the file that Redis appends to. */
async function logOf({ gateway }: Place): Promise<string> {
  const [, folder] = await gateway!.redis.config("GET", "dir") as string[];
  const [, sub] = await gateway!.redis.config("GET", "appenddirname") as string[];
  for await (const { name } of Deno.readDir(`${folder}/${sub}`)) {
    if (name.endsWith(".incr.aof")) return `${folder}/${sub}/${name}`;
  }
  throw new Error("Redis keeps no append-only file");
}

/**
 * Outcomes taken twice for one message, though nothing was undone in between. A worker may write down
 * what the store has taken a moment after the cut: what comes while it is down is of before.
 */
function staleBetween(entries: readonly Entry[], cuts: readonly Cut[]): number {
  const accepted = entries.filter(({ what }) => what === "accepted");
  let stale = 0;
  for (const group of Map.groupBy(accepted, ({ id }) => id).values()) {
    const times = group.map(({ ms }) => ms).toSorted((a, b) => a - b);
    times.slice(1).forEach((ms, i) => {
      if (!cuts.some(({ downAt, upAt }) => upAt >= times[i]! && downAt <= ms)) stale++;
    });
  }
  return stale;
}
