/** How many commands a message costs, as Upstash bills them: those inside of scripts, too. */

import { Dabba } from "../../../src/dabba.ts";
import { atMost, figure, type Metric } from "../metric.ts";
import { Stage } from "../stage.ts";
import { openWay, payload, send } from "../way.ts";

const MANY = 10_000;
const BATCH = 100;
const CRON_MINUTES = 600;
const FIFTY = Array.from({ length: 50 }, (_, i) => `queue-${i}`);

/** Is the metric. */
export const metric: Metric = {
  name: "commands",
  title: "billable commands",
  async run() {
    await using stage = await Stage.open();
    await using opened = openWay(stage.http);
    const dabba = new Dabba({ broker: opened.broker, tasks: { send: send.handler(() => {}) } });
    const stop = new AbortController();
    // It never looks by itself, so that only what a message costs is counted.
    const polling = { min: "1h", max: "1h" } as const;
    const worker = dabba.worker({ concurrency: BATCH, signals: false, polling });
    const running = worker.run({ signal: stop.signal });
    // The scripts are known, and the line is in use, before anything is counted.
    const warm = await dabba.tasks.send.enqueue(payload(0));
    await warm.result();
    await warm.status();
    const alone = () => settled(dabba, 1, () => dabba.tasks.send.enqueue(payload(1)));
    await alone();
    const life = await stage.billed(alone);
    const reading = await stage.billed(() => warm.result());
    const looking = await stage.billed(() => warm.status());
    const inputs = Array.from({ length: BATCH }, (_, i) => payload(i));
    const batch = await stage.billed(async () => {
      for (let at = 0; at < MANY; at += BATCH) {
        await settled(dabba, BATCH, () => dabba.tasks.send.enqueueMany(inputs));
      }
    });
    stop.abort();
    await running;
    const single = await leastOf(() => probe(dabba, stage, ["default"]));
    const fifty = await leastOf(() => probe(dabba, stage, FIFTY));
    const cron = await stage.billed(async () => {
      for (let minute = 0; minute < CRON_MINUTES; minute++) await dabba.worker().drain();
    }) * 60 / CRON_MINUTES;
    const what = "billable commands";
    return [
      figure(`${what}, a message alone, result read`, [life + reading, "commands"], atMost(20)),
      figure(`${what}, a message alone, result not read`, [life, "commands"]),
      figure(`${what}, a look at its status`, [looking, "commands"]),
      figure(`${what} a message, batches of 100`, [batch / MANY, "commands"], atMost(0.3)),
      figure(`${what}, idle probe of one queue`, [single, "commands"], atMost(1)),
      figure(`${what}, idle probe of fifty queues`, [fifty, "commands"], atMost(2)),
      figure("idle, cron every minute, sweeps included", [cron, "commands an hour"], atMost(60)),
    ];
  },
};

/** Enqueues, and waits until so many messages have been settled. */
async function settled(
  dabba: Dabba,
  count: number,
  enqueue: () => Promise<unknown>,
): Promise<void> {
  let seen = 0;
  const done = Promise.withResolvers<void>();
  const forget = dabba.on("succeeded", () => {
    if (++seen === count) done.resolve();
  });
  await enqueue();
  await done.promise;
  forget();
}

async function probe(dabba: Dabba, stage: Stage, queues: string[]): Promise<number> {
  return await stage.billed(() => dabba.worker({ queues }).drain());
}

/** One look in 1,440, drawn at random, also checks the index of the queues: that is no probe. */
async function leastOf(measure: () => Promise<number>): Promise<number> {
  return Math.min(await measure(), await measure(), await measure());
}
