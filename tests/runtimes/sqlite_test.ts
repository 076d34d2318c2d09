/** The SQLite broker on the runtimes that have an SQLite: the brokers' contract, as on Deno. */
import { assertEquals } from "@std/assert";
import { bundle, say } from "./packed_project.ts";
import type { Outcome } from "./suite.ts";
import { Toolbox } from "./toolbox.ts";

const RUNTIMES = ["Node 24", "Bun 1.2", "Bun 1.4"] as const;
const toolbox = await Toolbox.bring([...RUNTIMES, "esbuild"]);

Deno.test.afterAll(async () => {
  await toolbox[Symbol.asyncDispose]();
});

for (const name of RUNTIMES) {
  const title = `runtimes: SQLite keeps the brokers' contract on ${name}`;
  toolbox.test(title, [name, "Node 24", "esbuild"], async () => {
    // What is asserted is no part of this: the stand-in does without a runtime of its own.
    const assert = new URL("../support/std_assert/mod.ts", import.meta.url).pathname;
    const args = ["--format=esm", "--platform=node", `--alias:@std/assert=${assert}`];
    const into = await Deno.makeTempDir({ dir: toolbox.dir });
    const script = await bundle(toolbox, "contract_entry.ts", { into, args });
    const { code, out, err } = await say(toolbox.program(name), [script], { cwd: into });
    assertEquals([code, name.startsWith("Bun") ? err : ""], [0, ""]);
    const outcomes: Outcome[] = JSON.parse(out);
    assertEquals(outcomes.filter(({ error }) => error !== undefined), []);
    assertEquals(outcomes.length > 500, true);
  });
}
