/** How long one enqueue takes beside a PING through the same client and gateway. */

import { atMost, figure, type Metric } from "../metric.ts";
import { runProgram } from "../program.ts";
import { Stage } from "../stage.ts";

/** Is the metric. */
export const metric: Metric = {
  name: "enqueue_latency",
  title: "single enqueue",
  async run({ short }) {
    await using stage = await Stage.open();
    const said = await runProgram("programs/latency_main.ts", {
      way: stage.http,
      samples: short ? 500 : 3_000,
    });
    const { pingP50 = NaN, pingP99 = NaN, enqueueP50 = NaN, enqueueP99 = NaN } = said;
    return [
      figure("PING by the same client, p50", [pingP50, "ms"]),
      figure("PING by the same client, p99", [pingP99, "ms"]),
      figure("single enqueue, HTTP, p50", [enqueueP50, "ms"]),
      figure("single enqueue, HTTP, p99", [enqueueP99, "ms"]),
      figure(
        "single enqueue p50 against a PING by the same client",
        [enqueueP50 / pingP50, "×"],
        atMost(1.3),
      ),
    ];
  },
};
