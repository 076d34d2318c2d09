/** Programs for Node that bring up another runtime, each in the folder where it finds that runtime. */
import { bundle } from "./packed_project.ts";
import type { Toolbox } from "./toolbox.ts";

/** Bundles such a program, a file of this folder, and gives the bundle's path. */
export async function bundleHost(
  toolbox: Toolbox,
  runtime: "workerd" | "edge-runtime",
  entry: string,
): Promise<string> {
  const args = ["--format=esm", "--platform=node"];
  return await bundle(toolbox, entry, { into: `${toolbox.dir}/${runtime}`, args });
}
