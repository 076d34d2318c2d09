/** How many messages a second are processed that do nothing. */

import { atLeast, figure, type Goal, type Metric, type Row } from "../metric.ts";
import { sidesOf } from "../sides.ts";
import { Stage } from "../stage.ts";
import { type Figures, inTurn, middle, ratio } from "../turns.ts";

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
      rows.push(...word(figures, concurrency));
    }
    return rows;
  },
};

function word(figures: Figures, concurrency: number): Row[] {
  const what = `process, no-op, concurrency ${concurrency.toLocaleString("en-US")}`;
  const names = [...figures.keys()];
  return [
    ...names.map((name) => figure(`${what}, ${name}`, [middle(figures, name), "messages/s"])),
    ...names.filter((name) => name !== "BullMQ").map((name) =>
      figure(
        `${what}, ${name} against BullMQ`,
        [ratio(figures, [name, "BullMQ"]), "×"],
        // The goals are for the usual worker.
        concurrency === 100 ? GOALS[name] : undefined,
      )
    ),
  ];
}
