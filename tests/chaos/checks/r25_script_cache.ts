import { type Check, randomOf, ruleOfThree } from "../check.ts";
import { POLLING, sleeps } from "../kill_run.ts";
import { Fleet } from "../processes.ts";
import { partsOf } from "../restarts.ts";
import { pause, Place } from "../store.ts";

const WORKERS = 4;
const LIMIT_MS = 120_000;

export const check: Check = {
  id: "R25",
  title: "Redis forgets its scripts",
  goal: "0 errors seen by users, 0 run twice, ≤ 2 requests a miss",
  async run({ full, seed, say }) {
    const [jobs, flushes, every] = full ? [10_000, 100, 10] : [1_000, 20, 10];
    // Whole after a restart: what is tried here are scripts, not durability.
    await using place = await Place.open("redis", { config: { appendfsync: "always" } });
    const worker = { concurrency: 10, lease: "30s", polling: POLLING } as const;
    await using fleet = new Fleet({ store: place.address, ledger: place.folder, worker });
    for (const one of Array.from({ length: WORKERS }, () => fleet.start())) await one.ready;
    const random = randomOf(seed);
    const { server, gateway } = place;
    let errors = 0;
    let restarts = 0;
    const sum = { misses: 0, full: 0 };
    const countUp = async () => {
      const text = await redisInfo(gateway!.url, gateway!.token);
      sum.misses += Number(/errorstat_NOSCRIPT:count=(\d+)/.exec(text)?.[1] ?? 0);
      sum.full += Number(/cmdstat_eval:calls=(\d+)/.exec(text)?.[1] ?? 0);
    };
    for (const [i, part] of partsOf(sleeps(jobs, [5, 25], random), flushes).entries()) {
      const enqueueing = place.enqueue(part).catch((error) => {
        say(String(error));
        errors++;
      });
      await command(gateway!.url, gateway!.token, ["SCRIPT", "FLUSH"]);
      if (i % every === every - 1) {
        await pause(random() * 100);
        await countUp();
        await server!.restart();
        restarts++;
      }
      await enqueueing;
    }
    await place.untilQuiet(LIMIT_MS);
    await countUp();
    const { lost, stuck, extra, findings, acknowledged } = await place.reckon();
    const figure = `${errors} errors seen, ${extra.length} run twice, ${lost.length} lost, ` +
      `${stuck.length} stuck of ${acknowledged} in ${flushes} flushes and ${restarts} restarts; ` +
      `${sum.full} scripts sent in full for ${sum.misses} misses; ${findings} findings ` +
      `(${ruleOfThree(jobs)})`;
    const wrong = errors + extra.length + lost.length + stuck.length + findings;
    const met = wrong === 0 && acknowledged === jobs && sum.full <= sum.misses && sum.misses > 0;
    return { figure, met };
  },
};

async function command(url: string, token: string, words: readonly string[]): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(words) });
  const { result, error } = await response.json();
  if (error) throw new Error(error);
  return result;
}

async function redisInfo(url: string, token: string): Promise<string> {
  return String(await command(url, token, ["INFO", "all"]));
}
