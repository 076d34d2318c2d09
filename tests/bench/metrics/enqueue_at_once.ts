/** How many requests 10,000 enqueues take that are made in the same turn, each by itself. */

import { atMost, figure, type Metric } from "../metric.ts";
import { runProgram } from "../program.ts";
import { Stage } from "../stage.ts";

const MESSAGES = 10_000;

/** Is the metric. */
export const metric: Metric = {
  name: "enqueue_at_once",
  title: "10,000 concurrent single enqueues",
  async run() {
    const stage = await Stage.open({ log: true });
    let requests: string[] = [];
    let perSecond = NaN;
    try {
      const orders = { way: stage.http, act: "singles", messages: MESSAGES, warmUp: 0 };
      perSecond = (await runProgram("programs/dabba_main.ts", orders)).perSecond!;
    } finally {
      requests = await stage.close();
    }
    return [
      figure(
        "10,000 concurrent single enqueues: HTTP requests to Redis",
        [requests.length, "requests"],
        atMost(100),
      ),
      figure("10,000 concurrent single enqueues, cold, in all", [
        MESSAGES / perSecond * 1_000,
        "ms",
      ]),
    ];
  },
};
