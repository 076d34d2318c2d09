import { type Check, ruleOfThree } from "../check.ts";
import { POLLING } from "../kill_run.ts";
import { Fleet } from "../processes.ts";
import { Place } from "../store.ts";

const WORKERS = 8;
const LIMIT_MS = 900_000;

export const check: Check = {
  id: "R11",
  title: "no faults at all",
  goal: "0 lost, 0 extra starts",
  async run({ full }) {
    const jobs = full ? 300_000 : 10_000;
    await using place = await Place.open("redis");
    const worker = { concurrency: 100, lease: "30s", polling: POLLING } as const;
    await using fleet = new Fleet({ store: place.address, ledger: place.folder, worker });
    const begunAt = performance.now();
    for (const process of Array.from({ length: WORKERS }, () => fleet.start())) await process.ready;
    await place.enqueue(Array.from({ length: jobs }, () => ({ kind: "sleep", ms: 0 })));
    await place.untilQuiet(LIMIT_MS);
    const seconds = Math.round((performance.now() - begunAt) / 1000);
    const { lost, stuck, extra, stale, dead, findings, acknowledged, starts } = await place
      .reckon();
    const figure = `${lost.length} lost, ${stuck.length} stuck, ${extra.length} extra starts, ` +
      `${starts} starts of ${acknowledged} jobs, ${WORKERS} worker processes, ${seconds} s, ` +
      `${findings} findings (${ruleOfThree(jobs)})`;
    const faults = lost.length + stuck.length + extra.length + stale.length + dead.size + findings;
    return { figure, met: faults === 0 && acknowledged === jobs && starts === jobs };
  },
};
