/** How long it takes on workerd from an isolate that is not there to a message in the store. */

import { bundleHost } from "../../runtimes/host.ts";
import { BUILDERS, PackedProject } from "../../runtimes/packed_project.ts";
import { Toolbox } from "../../runtimes/toolbox.ts";
import { figure, type Metric, unmeasured } from "../metric.ts";
import { bundleProducer } from "../producer.ts";
import { Stage } from "../stage.ts";
import { median } from "../turns.ts";

const TITLE = "first enqueue on workerd, zod included";

/** Is the metric. */
export const metric: Metric = {
  name: "workerd",
  title: TITLE,
  async run({ short, say }) {
    const tools = [...BUILDERS, "workerd"] as const;
    await using toolbox = await Toolbox.bring(tools);
    const missing = toolbox.missing(...tools);
    if (missing !== undefined) return [unmeasured(TITLE, missing)];
    await using project = await PackedProject.make(toolbox, "zod@4");
    await using stage = await Stage.open();
    const bundle = await bundleProducer(project, "zod");
    const host = await bundleHost(toolbox, "workerd", "../bench/programs/workerd_host.ts");
    const first: number[] = [];
    const later: number[] = [];
    for (let round = 0; round < (short ? 2 : 7); round++) {
      const said = JSON.parse(
        await project.succeed("Node 24", [host, bundle, stage.url, stage.token]),
      );
      say(JSON.stringify(said));
      first.push(said.firstMs);
      later.push(said.laterMs);
    }
    return [
      figure(TITLE, [median(first), "ms"]),
      figure("later enqueue on workerd", [median(later), "ms"]),
    ];
  },
};
