/** The micro-benchmarks of `micro_bench.ts`, as `deno bench` runs them. */

import { figure, type Metric } from "../metric.ts";

interface Report {
  readonly benches: readonly {
    readonly name: string;
    readonly results: readonly { readonly ok?: { readonly avg: number } }[];
  }[];
}

/** Is the metric. */
export const metric: Metric = {
  name: "micro",
  title: "micro-benchmarks",
  async run() {
    const file = new URL("../micro_bench.ts", import.meta.url).href;
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["bench", "--quiet", "--no-check", "-A", "--json", file],
      stdout: "piped",
      stderr: "piped",
    }).output();
    const decoder = new TextDecoder();
    if (code !== 0) throw new Error(`"deno bench" ended with ${code}: ${decoder.decode(stderr)}`);
    const { benches }: Report = JSON.parse(decoder.decode(stdout));
    return benches.map(({ name, results }) =>
      figure(`${name}, mean`, [(results[0]?.ok?.avg ?? NaN) / 1_000, "µs"])
    );
  },
};
