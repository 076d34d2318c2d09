/** How many messages a second are enqueued in calls of a thousand. */

import { atLeast, figure, type Metric } from "../metric.ts";
import { sidesOf } from "../sides.ts";
import { Stage } from "../stage.ts";
import { inTurn, middle, ratio } from "../turns.ts";

/** Is the metric. */
export const metric: Metric = {
  name: "enqueue_bulk",
  title: "bulk enqueue",
  async run({ short, say }) {
    await using stage = await Stage.open();
    const messages = short ? { dabba: 50_000, bullmq: 20_000 } : { dabba: 200_000, bullmq: 50_000 };
    const sides = sidesOf(stage, { act: "bulk", concurrency: 1, work: "noop", messages });
    const figures = await inTurn(sides, { rounds: short ? 2 : 5, say });
    return [
      ...sides.map(({ name }) =>
        figure(`bulk enqueue, calls of 1,000, ${name}`, [middle(figures, name), "messages/s"])
      ),
      figure(
        "bulk enqueue, HTTP against BullMQ",
        [ratio(figures, ["HTTP", "BullMQ"]), "×"],
        atLeast(8),
      ),
      figure("bulk enqueue, TCP against BullMQ", [ratio(figures, ["TCP", "BullMQ"]), "×"]),
      figure("bulk enqueue, SQLite against BullMQ", [ratio(figures, ["SQLite", "BullMQ"]), "×"]),
    ];
  },
};
