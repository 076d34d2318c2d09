/** What a producer on Workers bundles: how much, what not, and that it runs on workerd. */
import { assertEquals, assertLessOrEqual } from "@std/assert";
import { gzipSync } from "node:zlib";
import { Dabba } from "@dabba/queue";
import { redisBroker } from "@dabba/queue/redis";
import { bundleHost } from "./host.ts";
import { BUILDERS, PackedProject } from "./packed_project.ts";
import { Toolbox, type ToolName } from "./toolbox.ts";
import { redisGateway } from "../support/redis_gateway.ts";
import { greet } from "./producer_contract.ts";

/** What each may weigh, minified and compressed; Hono and the schema library are the app's own. */
const MOST_BYTES = { "producer_weight.ts": 20 * 1024, "producer_hono_weight.ts": 21 * 1024 };
const ENTRY = "producer_entry.ts";
const TO_WEIGH = ["--minify", "--format=esm", "--conditions=workerd,worker"];
const APPS_OWN = ["--external:hono", "--external:hono/*", "--external:zod"];

const NEEDED: readonly ToolName[] = [...BUILDERS, "workerd"];
const toolbox = await Toolbox.bring(NEEDED);
let project: PackedProject;

Deno.test.beforeAll(async () => {
  if (!toolbox.missing(...BUILDERS)) project = await PackedProject.make(toolbox, "hono@4", "zod@4");
});
Deno.test.afterAll(async () => {
  await project?.[Symbol.asyncDispose]();
  await toolbox[Symbol.asyncDispose]();
});

/** Is what esbuild tells of a bundle. */
interface Output {
  readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>;
}

/** Bundles a file of this folder, and gives its compressed size and the bytes of each file in it. */
async function weigh(entry: string, ...args: string[]) {
  const meta = `${project.dir}/meta.json`;
  const path = await project.bundle(entry, [...TO_WEIGH, ...args, `--metafile=${meta}`]);
  const { outputs }: { outputs: Record<string, Output> } = JSON.parse(
    await Deno.readTextFile(meta),
  );
  const inputs = Object.values(outputs)[0]?.inputs ?? {};
  const files = Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  const heaviest = files.map(([file, { bytesInOutput }]) => `${bytesInOutput} ${file}`)
    .sort((a, b) => parseInt(b) - parseInt(a));
  return { bytes: gzipSync(await Deno.readFile(path), { level: 9 }).length, heaviest };
}

toolbox.test("bundle: a producer weighs no more than it should", BUILDERS, async () => {
  for (const [entry, most] of Object.entries(MOST_BYTES)) {
    const { bytes, heaviest } = await weigh(entry, ...APPS_OWN);
    const why = `${entry}: ${bytes} bytes; before compression:\n${
      heaviest.slice(0, 12).join("\n")
    }`;
    assertLessOrEqual(bytes, most, why);
  }
});

toolbox.test(
  "bundle: a producer holds no Upstash client, no worker and no SQLite",
  BUILDERS,
  async () => {
    const { heaviest } = await weigh(ENTRY);
    const own = heaviest.filter((file) => /@dabba|@upstash/.test(file));
    const heavy = /@upstash|worker\/(?!clock)|sqlite|exchange|dead(?!_bounds)|check|doctor|gateway/;
    assertEquals(own.filter((file) => heavy.test(file)), []);
    // It does hold what it is made of.
    assertEquals(own.some((file) => file.includes("rest_sender")), true);
  },
);

toolbox.test(
  "bundle: a producer on workerd enqueues what a worker elsewhere runs",
  NEEDED,
  async () => {
    await using gateway = await redisGateway();
    const { url, token, namespace } = gateway;
    const define = `--define:STORE=${JSON.stringify({ url, token, namespace })}`;
    const bundle = await project.bundle(ENTRY, [...TO_WEIGH, define]);
    const host = await bundleHost(toolbox, "workerd", "producer_host.ts");
    const { status, body } = JSON.parse(await project.succeed("Node 24", [host, bundle]));
    assertEquals([status, body.task, body.disposition], [202, "greet", "enqueued"]);
    const names: string[] = [];
    const tasks = { greet: greet.handler(({ name }) => void names.push(name)) };
    await using dabba = new Dabba({ broker: redisBroker({ url, token, namespace }), tasks });
    assertEquals((await dabba.worker().drain()).succeeded, 1);
    assertEquals([names, (await dabba.status(body.id)).state], [["Ada"], "succeeded"]);
  },
);
