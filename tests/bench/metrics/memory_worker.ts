/** How much of a worker's memory a message takes that is in flight. */

import { figure, type Metric } from "../metric.ts";
import { runProgram } from "../program.ts";
import { Stage } from "../stage.ts";

const IN_FLIGHT = 1_000;

/** Is the metric. */
export const metric: Metric = {
  name: "memory_worker",
  title: "worker memory of a message in flight",
  async run() {
    await using stage = await Stage.open();
    const said = await runProgram("programs/in_flight_main.ts", {
      way: stage.http,
      count: IN_FLIGHT,
    }, ["--v8-flags=--expose-gc"]);
    return [
      figure(`worker heap of a message in flight, ${IN_FLIGHT} of them`, [
        said.bytesEach!,
        "bytes",
      ]),
    ];
  },
};
