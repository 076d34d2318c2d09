/** What is left in Redis of a million messages that have succeeded, with the default retention. */

import { figure, type Metric } from "../metric.ts";
import { runProgram, startProgram } from "../program.ts";
import { Stage } from "../stage.ts";

const A_PART = 100_000;
const OUTCOMES = "{bench}:exp";
/** The default bound, and entries of the store's own. */
const MOST_KEPT = 10_100;
const TRIM_LIMIT_MS = 180_000;

/** Is the metric. */
export const metric: Metric = {
  name: "memory_million",
  title: "Redis memory after 1,000,000 messages",
  async run({ short, say }) {
    const messages = short ? A_PART : 1_000_000;
    await using stage = await Stage.open();
    const before = await stage.usedBytes();
    for (let at = 0; at < messages; at += A_PART) {
      await runProgram("programs/dabba_main.ts", {
        ...{ way: stage.tcp, act: "process", messages: A_PART, warmUp: 0 },
        ...{ concurrency: 1_000, work: "noop" },
      });
      say(`${at + A_PART} messages: ${await stage.usedBytes() - before} bytes`);
    }
    const atOnce = await stage.usedBytes() - before;
    if (!short) await untilTrimmed(stage);
    const bytes = await stage.usedBytes() - before;
    const what = `Redis memory after ${messages.toLocaleString("en-US")} messages`;
    const row = figure(`${what}, at once`, [atOnce / 2 ** 20, "MiB"]);
    if (short) return [row];
    const kept = await stage.redis.zcard(OUTCOMES);
    return [
      row,
      figure(`${what}, some minutes later`, [bytes / 2 ** 20, "MiB"]),
      figure(`${what}, outcomes still kept`, [kept, "entries"]),
    ];
  },
};

/** What has ended is kept for a minute, whatever its number; then a worker that is idle tidies up. */
async function untilTrimmed(stage: Stage): Promise<void> {
  const orders = { way: stage.tcp, namespaces: ["bench"] };
  await using worker = startProgram("programs/worker_main.ts", orders);
  await worker.next();
  const endsAt = performance.now() + TRIM_LIMIT_MS;
  while (await stage.redis.zcard(OUTCOMES) > MOST_KEPT && performance.now() < endsAt) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}
