/** How many messages a second are processed that compute for a millisecond: 1,000 are possible. */

import { figure, type Metric } from "../metric.ts";
import { sidesOf } from "../sides.ts";
import { Stage } from "../stage.ts";
import { inTurn, middle } from "../turns.ts";

/** Is the metric. */
export const metric: Metric = {
  name: "process_cpu",
  title: "process, 1 ms of computing",
  async run({ short, say }) {
    await using stage = await Stage.open();
    const count = short ? 500 : 2_000;
    const messages = { dabba: count, bullmq: count };
    const sides = sidesOf(stage, { act: "process", concurrency: 100, work: "cpu", messages });
    const figures = await inTurn(sides, { rounds: short ? 1 : 3, say });
    return sides.map(({ name }) =>
      figure(`process, 1 ms of computing, concurrency 100, ${name}`, [
        middle(figures, name),
        "messages/s",
      ])
    );
  },
};
