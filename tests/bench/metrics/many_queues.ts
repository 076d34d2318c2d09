/** What a worker of 1,000 queues costs that all have work. */

import { Dabba } from "../../../src/dabba.ts";
import { defineTask } from "../../../src/task.ts";
import { figure, type Metric } from "../metric.ts";
import { scriptTimes } from "../slowlog.ts";
import { Stage } from "../stage.ts";
import { median, quantile } from "../turns.ts";
import { openWay, payload, payloadSchema } from "../way.ts";

const QUEUES = 1_000;
const EACH = 5;

/** Is the metric. */
export const metric: Metric = {
  name: "many_queues",
  title: "1,000 queues",
  async run() {
    await using stage = await Stage.open();
    const work = defineTask("work", { input: payloadSchema }, () => {});
    const queues = Array.from({ length: QUEUES }, (_, i) => `queue-${i}`);
    await using opened = openWay(stage.http);
    const dabba = new Dabba({ broker: opened.broker, tasks: { work } });
    for (let i = 0; i < EACH; i++) {
      await Promise.all(queues.map((queue) => dabba.tasks.work.enqueue(payload(i), { queue })));
    }
    await stage.redis.config("SET", "slowlog-max-len", "100000");
    const worker = dabba.worker({ queues, concurrency: 100 });
    let commands = NaN;
    const times = await scriptTimes(stage.redis, async () => {
      commands = await stage.billed(async () => {
        const { succeeded } = await worker.drain({ budget: "5m" });
        if (succeeded !== QUEUES * EACH) throw new Error(`Only ${succeeded} have succeeded`);
      });
    });
    const what = `${QUEUES.toLocaleString("en-US")} queues with ${EACH} messages each`;
    return [
      figure(`${what}, an exchange's script time, p50`, [median(times), "µs"]),
      figure(`${what}, an exchange's script time, p99`, [quantile(times, 0.99), "µs"]),
      figure(`${what}, billable commands a message`, [commands / (QUEUES * EACH), "commands"]),
    ];
  },
};
