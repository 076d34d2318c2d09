/** How many messages a second are processed that do nothing. */

import { atLeast, type Goal, type Metric, type Row } from "../metric.ts";
import { sidesOf, word } from "../sides.ts";
import { Stage } from "../stage.ts";
import { inTurn } from "../turns.ts";

/** How many messages Dabba and BullMQ get in the full form. */
const LEVELS = [
  { concurrency: 1, dabba: 3_000, bullmq: 10_000 },
  { concurrency: 10, dabba: 20_000, bullmq: 20_000 },
  { concurrency: 100, dabba: 100_000, bullmq: 30_000 },
  { concurrency: 1_000, dabba: 150_000, bullmq: 30_000 },
] as const;

const GOALS: Readonly<Record<string, Goal>> = {
  HTTP: atLeast(5),
  TCP: atLeast(10),
  SQLite: atLeast(2),
};

/** Is the metric. */
export const metric: Metric = {
  name: "process_noop",
  title: "process",
  async run({ short, say }) {
    await using stage = await Stage.open();
    const rows: Row[] = [];
    for (const { concurrency, dabba, bullmq } of LEVELS) {
      const part = short ? 5 : 1;
      const messages = { dabba: dabba / part, bullmq: bullmq / part };
      const sides = sidesOf(stage, { act: "process", concurrency, work: "noop", messages });
      say(`concurrency ${concurrency}`);
      const rounds = concurrency === 100 ? short ? 2 : 5 : short ? 1 : 3;
      const figures = await inTurn(sides, { rounds, say });
      const what = `process, no-op, concurrency ${concurrency.toLocaleString("en-US")}`;
      // The goals are for the usual worker.
      rows.push(...word(what, figures, concurrency === 100 ? GOALS : {}));
    }
    return rows;
  },
};
