import { type Check, randomOf, ruleOfThree, type Scale } from "../check.ts";
import { POLLING, sleeps } from "../kill_run.ts";
import { Fleet } from "../processes.ts";
import { enqueueStubbornly, partsOf, slowestStart } from "../restarts.ts";
import { pause, Place } from "../store.ts";

const WORKERS = 4;
const LIMIT_MS = 120_000;
const BACK_MS = 5_000;

export const check: Check = {
  id: "R4",
  title: "Redis killed with SIGKILL, and started again",
  goal: "0 acknowledged lost, 0 stuck, at work again within 5 s, 0 workers exit; without " +
    "persistence the doctor says so",
  async run(scale) {
    const [jobs, kills] = scale.full ? [10_000, 50] : [1_000, 6];
    const runs = [];
    for (const fsync of ["always", "everysec"]) {
      runs.push(await killedRun(fsync, { jobs, kills }, scale));
    }
    const told = await tellsOfNoPersistence();
    const figures = runs.map(({ figure }) => figure);
    const figure = `${figures.join("; ")} (${ruleOfThree(jobs)}); ` +
      `without persistence the doctor ${told ? "says so" : "is silent"}`;
    return { figure, met: told && runs.every(({ met }) => met) };
  },
};

async function killedRun(
  fsync: string,
  { jobs, kills }: { readonly jobs: number; readonly kills: number },
  { seed, say }: Scale,
): Promise<{ figure: string; met: boolean }> {
  await using place = await Place.open("redis", { config: { appendfsync: fsync } });
  const worker = { concurrency: 10, lease: "5s", polling: POLLING } as const;
  await using fleet = new Fleet({ store: place.address, ledger: place.folder, worker });
  for (const one of Array.from({ length: WORKERS }, () => fleet.start())) await one.ready;
  let exits = 0;
  for (const process of fleet.processes) process.ended.then(() => exits++);
  const random = randomOf(seed);
  const server = place.server!;
  const answersAt: number[] = [];
  let refusals = 0;
  for (const part of partsOf(sleeps(jobs, [5, 25], random), kills)) {
    const enqueueing = enqueueStubbornly(place, part);
    await pause(random() * 400);
    await server.kill();
    await pause(random() * 200);
    await server.start();
    answersAt.push(Date.now());
    refusals += (await enqueueing).refusals;
  }
  await place.untilQuiet(LIMIT_MS);
  const exited = exits;
  const { lost, stuck, extra, stale, findings, entries, acknowledged } = await place.reckon();
  const backMs = slowestStart(entries, answersAt.slice(0, -1));
  say(`${fsync}: ${kills} kills, ${refusals} enqueues refused and made again`);
  const figure = `${fsync}: ${lost.length} lost, ${stuck.length} stuck of ${acknowledged} in ` +
    `${kills} kills, at work again after at most ${backMs} ms, ${exited} exits, ` +
    `${extra.length} extra starts, ${stale.length} stale, ${findings} findings`;
  const wrong = lost.length + stuck.length + stale.length + findings + exited;
  return { figure, met: wrong === 0 && backMs <= BACK_MS && acknowledged === jobs };
}

async function tellsOfNoPersistence(): Promise<boolean> {
  await using place = await Place.open("redis", { config: { appendonly: "no" } });
  const found = await place.dabba.inspect.doctor();
  return found.some(({ level, text }) => level === "danger" && text.includes("append-only"));
}
