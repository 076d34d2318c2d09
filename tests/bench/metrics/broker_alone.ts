/** What the brokers move by themselves, without schemas, tasks and workers. */

import { figure, type Metric, type Row } from "../metric.ts";
import { Stage } from "../stage.ts";
import { inTurn, middle, type Side } from "../turns.ts";
import type { Way } from "../way.ts";
import { runProgram } from "../program.ts";

/** Is the metric. */
export const metric: Metric = {
  name: "broker_alone",
  title: "brokers alone",
  async run({ short, say }) {
    await using stage = await Stage.open();
    const messages = short ? 20_000 : 100_000;
    const exchanged = new Map<string, number[]>();
    const sideOf = (name: string, way: () => Way): Side => ({
      name,
      async measure() {
        await stage.clear();
        const orders = { way: way(), messages };
        const said = await runProgram("programs/broker_main.ts", orders);
        exchanged.set(name, [...exchanged.get(name) ?? [], said.exchangedPerSecond!]);
        return said.pushedPerSecond!;
      },
    });
    const sides = [
      sideOf("HTTP", () => stage.http),
      sideOf("TCP", () => stage.tcp),
      sideOf("SQLite", () => stage.sqlite()),
    ];
    const pushed = await inTurn(sides, { rounds: short ? 1 : 3, say });
    return sides.flatMap(({ name }): Row[] => [
      figure(`broker alone, push in batches of 100, ${name}`, [
        middle(pushed, name),
        "messages/s",
      ]),
      figure(`broker alone, settle 100 and claim 100, ${name}`, [
        middle(exchanged, name),
        "messages/s",
      ]),
    ]);
  },
};
