/** How long a program waits for its import of the package. */

import { figure, type Metric } from "../metric.ts";
import { runCommand } from "../program.ts";
import { inTurn, middle, type Side } from "../turns.ts";

const MOD = new URL("../../../mod.ts", import.meta.url).href;

/** Is the metric. */
export const metric: Metric = {
  name: "start_up",
  title: "import time",
  async run({ short, say }) {
    const sides = [sideOf("mod.ts", MOD), sideOf("hono", "hono"), sideOf("BullMQ", "bullmq")];
    // What has never been loaded is compiled first.
    for (const { measure } of sides) await measure();
    const figures = await inTurn(sides, { rounds: short ? 3 : 15, say });
    return [
      figure("import time of mod.ts in Deno", [middle(figures, "mod.ts"), "ms"]),
      figure("import time of hono in Deno, to compare", [middle(figures, "hono"), "ms"]),
      figure("import time of BullMQ in Deno, to compare", [middle(figures, "BullMQ"), "ms"]),
    ];
  },
};

function sideOf(name: string, specifier: string): Side {
  const program = new URL("../programs/import_main.ts", import.meta.url).href;
  const args = ["run", "--quiet", "--no-check", "-A", program, specifier];
  return { name, measure: async () => (await runCommand(Deno.execPath(), args)).importMs! };
}
