/** How many messages a second are processed that wait for 20 ms: 5,000 are possible. */

import { figure, type Metric } from "../metric.ts";
import { sidesOf } from "../sides.ts";
import { Stage } from "../stage.ts";
import { inTurn, middle } from "../turns.ts";

/** Is the metric. */
export const metric: Metric = {
  name: "process_io",
  title: "process, 20 ms of waiting",
  async run({ short, say }) {
    await using stage = await Stage.open();
    const count = short ? 3_000 : 12_000;
    const messages = { dabba: count, bullmq: count };
    const sides = sidesOf(stage, { act: "process", concurrency: 100, work: "io", messages });
    const figures = await inTurn(sides, { rounds: short ? 1 : 3, say });
    return sides.map(({ name }) =>
      figure(`process, 20 ms of waiting, concurrency 100, ${name}`, [
        middle(figures, name),
        "messages/s",
      ])
    );
  },
};
