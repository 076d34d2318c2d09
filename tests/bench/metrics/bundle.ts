/** How much a producer for Workers weighs: bundled, minified, and compressed as it is uploaded. */

import { gzipSync } from "node:zlib";
import { atMost, figure, type Metric, unmeasured } from "../metric.ts";
import { bundleProducer } from "../producer.ts";
import { BUILDERS, PackedProject } from "../../runtimes/packed_project.ts";
import { Toolbox } from "../../runtimes/toolbox.ts";

const TITLE = "producer bundle for Workers, minified and compressed, without the schema library";

/** Is the metric. */
export const metric: Metric = {
  name: "bundle",
  title: TITLE,
  async run() {
    await using toolbox = await Toolbox.bring(BUILDERS);
    const missing = toolbox.missing(...BUILDERS);
    if (missing !== undefined) return [unmeasured(TITLE, missing, atMost(20))];
    await using project = await PackedProject.make(toolbox, "zod@4");
    const weigh = async (schema: "plain" | "zod") => {
      const bundle = await bundleProducer(project, schema);
      return gzipSync(await Deno.readFile(bundle), { level: 9 }).length / 1_024;
    };
    return [
      figure(TITLE, [await weigh("plain"), "KiB"], atMost(20)),
      figure("producer bundle for Workers, with zod", [await weigh("zod"), "KiB"]),
    ];
  },
};
