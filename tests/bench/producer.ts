/** Bundles a producer for Workers with the packed library, as wrangler would. */

import type { PackedProject } from "../runtimes/packed_project.ts";

const SCHEMAS = {
  plain: `export const SCHEMA = {
    "~standard": { version: 1, vendor: "bench", validate: (value) => ({ value }) },
  };`,
  zod: `import { z } from "zod";
  export const SCHEMA = z.object({ i: z.number(), email: z.email() });`,
} as const;

/** Says which library checks inputs. */
type SchemaOf = keyof typeof SCHEMAS;

/** Bundles it, and gives the bundle's path. */
export async function bundleProducer(
  project: PackedProject,
  schema: SchemaOf,
): Promise<string> {
  const { dir } = project;
  const source = await Deno.readTextFile(
    new URL("programs/producer_entry.ts", import.meta.url),
  );
  const entry = `${dir}/producer_${schema}.ts`;
  await Deno.writeTextFile(entry, source.replace("./producer_schema.ts", `./schema_${schema}.js`));
  await Deno.writeTextFile(`${dir}/schema_${schema}.js`, SCHEMAS[schema]);
  return await project.bundleOwn(entry, [
    ...["--minify", "--format=esm", "--conditions=workerd,worker", "--external:node:*"],
  ]);
}
