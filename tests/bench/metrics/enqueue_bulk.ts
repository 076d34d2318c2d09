/** How many messages a second are enqueued in calls of a thousand, and of ten thousand. */

import { atLeast, figure, type Metric, type Row } from "../metric.ts";
import { sidesOf } from "../sides.ts";
import { Stage } from "../stage.ts";
import { type Figures, inTurn, middle, ratio } from "../turns.ts";

/** How many messages one call brings; a larger call has its next request ready while one travels. */
const CALLS = [1_000, 10_000];

/** Is the metric. */
export const metric: Metric = {
  name: "enqueue_bulk",
  title: "bulk enqueue",
  async run({ short, say }) {
    await using stage = await Stage.open();
    const messages = short ? { dabba: 50_000, bullmq: 20_000 } : { dabba: 200_000, bullmq: 50_000 };
    const rows: Row[] = [];
    for (const call of CALLS) {
      say(`calls of ${call}`);
      const sides = sidesOf(stage, { act: "bulk", call, concurrency: 1, work: "noop", messages });
      rows.push(...word(await inTurn(sides, { rounds: short ? 2 : 5, say }), call));
    }
    return rows;
  },
};

function word(figures: Figures, call: number): Row[] {
  const what = `bulk enqueue, calls of ${call.toLocaleString("en-US")}`;
  const names = [...figures.keys()];
  return [
    ...names.map((name) => figure(`${what}, ${name}`, [middle(figures, name), "messages/s"])),
    ...names.filter((name) => name !== "BullMQ").map((name) =>
      figure(
        `${what}, ${name} against BullMQ`,
        [ratio(figures, [name, "BullMQ"]), "×"],
        name === "HTTP" ? atLeast(8) : undefined,
      )
    ),
  ];
}
