/** How many messages a second are enqueued in calls of a thousand, and of ten thousand. */

import { atLeast, type Metric, type Row } from "../metric.ts";
import { sidesOf, word } from "../sides.ts";
import { Stage } from "../stage.ts";
import { inTurn } from "../turns.ts";

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
      const figures = await inTurn(sides, { rounds: short ? 2 : 5, say });
      const what = `bulk enqueue, calls of ${call.toLocaleString("en-US")}`;
      rows.push(...word(what, figures, { HTTP: atLeast(8) }));
    }
    return rows;
  },
};
