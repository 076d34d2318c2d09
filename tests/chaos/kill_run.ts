/** A run under SIGKILLs: workers at work, one of them killed again and again, each replaced at once. */

import { randomOf, type Scale } from "./check.ts";
import type { Job } from "./jobs.ts";
import { type Entry, startsOf } from "./ledger.ts";
import { Fleet } from "./processes.ts";
import { type Kind, pause, Place, quantile, type Reckoning } from "./store.ts";

/** Says how a run goes. */
export interface KillPlan {
  readonly jobs: number;
  /** A job takes from the first to the second, in milliseconds. */
  readonly takesMs: readonly [number, number];
  readonly leaseMs: number;
  readonly everyMs: number;
  readonly kills: number;
  /** After so long what is not done counts as stuck, in milliseconds. */
  readonly limitMs: number;
}

/** Is what came of a run. */
export interface KillRun extends Reckoning {
  readonly kills: number;
  readonly seconds: number;
  /** From a kill to the next start of what the victim had begun: the 99th percentile. */
  readonly backP99Ms: number;
}

const WORKERS = 4;

/** How many jobs a worker runs at once. */
export const SLOTS = 10;

/** How often an idle worker of the rig looks. */
export const POLLING = { min: 20, max: 250 } as const;

/** Plays it. */
export async function killRun(kind: Kind, plan: KillPlan, scale: Scale): Promise<KillRun> {
  await using place = await Place.open(kind);
  const random = randomOf(scale.seed);
  await place.enqueue(sleeps(plan.jobs, plan.takesMs, random));
  const worker = { concurrency: SLOTS, lease: plan.leaseMs, polling: POLLING };
  await using fleet = new Fleet({ store: place.address, ledger: place.folder, worker });
  const course = await killInTurn(fleet, { plan, scale, name: kind, store: place });
  const reckoning = await place.reckon();
  return { ...reckoning, ...course, backP99Ms: backP99(reckoning.entries, fleet.kills) };
}

/** Is what a run needs to know of its store. */
export interface Queueing {
  /** Whether no job is left. */
  quiet(): Promise<boolean>;
  /** Waits until no job is left; false when that took too long. */
  untilQuiet(limitMs: number): Promise<boolean>;
}

/** Starts the workers, kills one after the other, each replaced at once, and waits for the rest. */
export async function killInTurn<O extends object>(fleet: Fleet<O>, { plan, scale, name, store }: {
  readonly plan: KillPlan;
  readonly scale: Scale;
  readonly name: string;
  readonly store: Queueing;
}): Promise<Pick<KillRun, "kills" | "seconds">> {
  const random = randomOf(scale.seed);
  const startedAt = performance.now();
  const seconds = () => Math.round((performance.now() - startedAt) / 1000);
  const alive = Array.from({ length: WORKERS }, () => fleet.start());
  let kills = 0;
  while (kills < plan.kills && !await store.quiet()) {
    await pause(plan.everyMs);
    const victim = Math.floor(random() * WORKERS);
    alive[victim]!.kill("SIGKILL");
    alive[victim] = fleet.start();
    kills++;
  }
  scale.say(`${name}: ${kills} kills in ${seconds()} s`);
  await store.untilQuiet(plan.limitMs);
  return { kills, seconds: seconds() };
}

/** From a kill to the next start of what the victim had begun: the 99th percentile. */
export function backP99(entries: readonly Entry[], kills: ReadonlyMap<number, number>): number {
  return quantile(waitsAfterKills(entries, kills), 0.99);
}

/** Jobs that sleep. */
export function sleeps(
  count: number,
  [least, most]: readonly [number, number],
  random: () => number,
): Job[] {
  return Array.from({ length: count }, () => ({
    kind: "sleep",
    ms: Math.round(least + random() * (most - least)),
  }));
}

function waitsAfterKills(entries: readonly Entry[], kills: ReadonlyMap<number, number>): number[] {
  const starts = entries.filter(({ what }) => what === "start");
  return [...Map.groupBy(starts, ({ id }) => id).values()].flatMap((group) =>
    startsOf(group).slice(1).flatMap(({ ms }, i) => {
      const killedAt = kills.get(startsOf(group)[i]!.pid);
      return killedAt === undefined ? [] : [ms - killedAt];
    })
  );
}
