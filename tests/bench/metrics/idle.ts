/** What workers ask of Redis that have nothing to do, one beside the other. */

import { Dabba } from "../../../src/dabba.ts";
import { atMost, figure, type Metric } from "../metric.ts";
import { startProgram } from "../program.ts";
import { Stage } from "../stage.ts";
import { openWay, payload, send } from "../way.ts";

/** Until a worker has backed off to its ceiling. */
const SETTLE_MS = { short: 12_000, full: 40_000 };
const WATCH_MS = { short: 20_000, full: 120_000 };
const HOUR_MS = 3_600_000;

/** Is the metric. */
export const metric: Metric = {
  name: "idle",
  title: "idle worker",
  async run({ short }) {
    const form = short ? "short" : "full";
    const [ours, bullmq] = await Promise.all([
      watch(
        "programs/worker_main.ts",
        (stage) => ({ way: stage.http, namespaces: ["bench"] }),
        form,
      ),
      watch("programs/bullmq_worker_main.ts", (stage) => ({ url: stage.server.url }), form),
    ]);
    return [
      figure("idle, long-running worker over HTTP", [ours, "commands an hour"], atMost(60)),
      figure("idle, long-running worker of BullMQ", [bullmq, "commands an hour"]),
    ];
  },
};

async function watch(
  program: string,
  orders: (stage: Stage) => unknown,
  form: "short" | "full",
): Promise<number> {
  await using stage = await Stage.open();
  await using running = startProgram(program, orders(stage));
  await running.next();
  if (program.endsWith("/worker_main.ts")) {
    // It has worked before: a queue that was never used is not what users have.
    await using opened = openWay(stage.http);
    const dabba = new Dabba({ broker: opened.broker, tasks: { send } });
    await dabba.tasks.send.enqueue({ ...payload(0), email: String(Date.now()) });
    await running.next();
  }
  await pause(SETTLE_MS[form]);
  const commands = await stage.billed(() => pause(WATCH_MS[form]));
  return commands * HOUR_MS / WATCH_MS[form];
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
