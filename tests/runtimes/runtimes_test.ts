/** One library on all runtimes: the same suite, from the packed tarball as plain JavaScript. */
import { assertEquals } from "@std/assert";
import { type RedisGateway, redisGateway } from "../support/redis_gateway.ts";
import { PackedProject } from "./packed_project.ts";
import { CHECKS, type Outcome } from "./suite.ts";
import { bringTools, type ToolName } from "./toolbox.ts";

const toolbox = await bringTools();
/** What every runtime here needs besides itself. */
const BUILDERS: readonly ToolName[] = ["Node 24", "npm", "esbuild"];
const reasons = (...names: ToolName[]) =>
  [...names, ...BUILDERS].flatMap((name) => {
    const tool = toolbox.tools[name];
    return "missing" in tool ? [tool.missing] : [];
  });

let project: PackedProject;
Deno.test.beforeAll(async () => {
  if (reasons().length === 0) project = await PackedProject.make(toolbox, "zod@4");
});
Deno.test.afterAll(async () => {
  await project?.[Symbol.asyncDispose]();
  await toolbox[Symbol.asyncDispose]();
});

/** Registers the suite for a runtime, or, aloud, why it does not run. */
function onRuntime(name: ToolName, play: (gateway: RedisGateway) => Promise<string>): void {
  const [missing] = reasons(name);
  const tool = toolbox.tools[name];
  const title = "missing" in tool ? name : `${name.split(" ")[0]} ${tool.version}`;
  Deno.test({
    name: `runtimes: ${title} passes the suite${missing ? ` (skipped: ${missing})` : ""}`,
    // Its name says why.
    ignore: missing !== undefined,
    async fn(t) {
      await using gateway = await redisGateway();
      const outcomes: Outcome[] = JSON.parse(await play(gateway));
      for (const { check, error } of outcomes) {
        await t.step(check, () => assertEquals(error, undefined));
      }
      assertEquals(outcomes.slice(0, CHECKS.length).map(({ check }) => check), CHECKS);
    },
  });
}

const environment = ({ url, token, namespace }: RedisGateway) => ({
  UPSTASH_REDIS_REST_URL: url,
  UPSTASH_REDIS_REST_TOKEN: token,
  DABBA_TEST_NAMESPACE: namespace,
});

for (const name of ["Node 20", "Node 22", "Node 24", "Bun"] as const) {
  onRuntime(name, async (gateway) => {
    const args = ["--format=esm", "--platform=node", "--packages=external"];
    const script = await project.bundle({ entry: "process_entry.ts", args });
    return await project.succeed(name, [script], environment(gateway));
  });
}

/** The host runs in the tool's own folder, where it finds the runtime. */
async function host(name: "workerd" | "edge-runtime", entry: string): Promise<string> {
  const args = ["--format=esm", "--platform=node"];
  const script = await project.bundle({ entry, args });
  const tool = toolbox.tools[name];
  const place = `${toolbox.dir}/${name}/host.mjs`;
  if ("missing" in tool) throw new Error(tool.missing);
  await Deno.copyFile(script, place);
  return place;
}

const placeOf = ({ url, token, namespace }: RedisGateway) =>
  `--define:PLACE=${JSON.stringify({ url, token, namespace })}`;

onRuntime("workerd", async (gateway) => {
  const bundle = await project.bundle({
    entry: "worker_entry.ts",
    args: ["--format=esm", "--conditions=workerd,worker", placeOf(gateway)],
  });
  return await project.succeed("Node 24", [await host("workerd", "workerd_host.ts"), bundle]);
});

onRuntime("edge-runtime", async (gateway) => {
  const bundle = await project.bundle({
    entry: "edge_entry.ts",
    args: ["--format=iife", "--conditions=edge-light", placeOf(gateway)],
  });
  const script = await host("edge-runtime", "edge_host.ts");
  return await project.succeed("Node 24", [script, bundle, gateway.token]);
});
