/** One library on all runtimes: the same suite, from the packed tarball as plain JavaScript. */
import { assert, assertEquals } from "@std/assert";
import { Dabba, defineTask, redisBroker } from "@dabba/queue";
import { z } from "zod";
import { ROOT } from "../support/project.ts";
import { type RedisGateway, redisGateway } from "../support/redis_gateway.ts";
import { bundleHost } from "./host.ts";
import { BUILDERS, PackedProject, succeed } from "./packed_project.ts";
import { CHECKS, type Outcome } from "./suite.ts";
import { Toolbox, type ToolName } from "./toolbox.ts";

const RUNTIMES = [
  "Node 20",
  "Node 22",
  "Node 24",
  "Bun 1.2",
  "Bun 1.4",
  "workerd",
  "edge-runtime",
] as const;
const toolbox = await Toolbox.bring([...RUNTIMES, ...BUILDERS]);
let project: PackedProject;

Deno.test.beforeAll(async () => {
  if (!toolbox.missing(...BUILDERS)) project = await PackedProject.make(toolbox, "zod@4");
});
Deno.test.afterAll(async () => {
  await project?.[Symbol.asyncDispose]();
  await toolbox[Symbol.asyncDispose]();
});

/** Has the suite run by `play`, which gives what came of it, and tells it check by check. */
async function judge(
  t: Deno.TestContext,
  play: (gateway: RedisGateway) => Promise<string>,
): Promise<void> {
  await using gateway = await redisGateway();
  const outcomes: Outcome[] = JSON.parse(await play(gateway));
  for (const { check, error } of outcomes) {
    await t.step(check, () => assertEquals(error, undefined));
  }
  assertEquals(outcomes.slice(0, CHECKS.length).map(({ check }) => check), CHECKS);
}

function onRuntime(name: ToolName, play: (gateway: RedisGateway) => Promise<string>): void {
  const version = toolbox.missing(name) ? "" : ` ${toolbox.get(name).version}`;
  const title = `runtimes: ${name.split(" ")[0]}${version} passes the suite`;
  toolbox.test(title, [name, ...BUILDERS], (t) => judge(t, play));
}

const environment = ({ url, token, namespace }: RedisGateway) => ({
  UPSTASH_REDIS_REST_URL: url,
  UPSTASH_REDIS_REST_TOKEN: token,
  DABBA_TEST_NAMESPACE: namespace,
});

Deno.test("runtimes: Deno passes the suite, allowed one host and three variables", async (t) => {
  await judge(t, async (gateway) => {
    const env = environment(gateway);
    const allowed = [
      `--allow-net=${new URL(gateway.url).host}`,
      `--allow-env=${Object.keys(env).join(",")}`,
    ];
    const entry = `${ROOT}tests/runtimes/process_entry.ts`;
    const flags = ["run", "--quiet", "--no-prompt", "--no-lock", "--no-check"];
    return await succeed(Deno.execPath(), [...flags, ...allowed, entry], { cwd: ROOT, env });
  });
});

for (const name of RUNTIMES.slice(0, 5)) {
  onRuntime(name, async (gateway) => {
    const args = ["--format=esm", "--platform=node", "--packages=external"];
    const script = await project.bundle("process_entry.ts", args);
    return await project.succeed(name, [script], environment(gateway));
  });
}

const placeOf = ({ url, token, namespace }: RedisGateway) =>
  `--define:PLACE=${JSON.stringify({ url, token, namespace })}`;

async function onWorkerd(gateway: RedisGateway, ...args: string[]): Promise<string> {
  const flags = ["--format=esm", "--conditions=workerd,worker", placeOf(gateway)];
  const bundle = await project.bundle("worker_entry.ts", flags);
  const script = await bundleHost(toolbox, "workerd", "workerd_host.ts");
  return await project.succeed("Node 24", [script, bundle, ...args]);
}

onRuntime("workerd", (gateway) => onWorkerd(gateway));

const limits = "runtimes: a tick on workerd keeps within 50 subrequests and 6 connections";
toolbox.test(limits, ["workerd", ...BUILDERS], async () => {
  let [open, most] = [0, 0];
  await using gateway = await redisGateway({
    async intercept(request, forward) {
      most = Math.max(most, ++open);
      const response = await forward(request);
      open--;
      return response;
    },
  });
  const { url, token, namespace } = gateway;
  const greet = defineTask("greet", { input: z.object({ name: z.string() }) });
  await using dabba = new Dabba({
    broker: redisBroker({ url, token, namespace }),
    tasks: { greet },
  });
  const all = Array.from({ length: 20_000 }, () => ({ name: "Ada" }));
  await dabba.tasks.greet.enqueueMany(all);
  const before = gateway.requests;
  await onWorkerd(gateway, "tick");
  const requests = gateway.requests - before;
  const { queues: [line] } = await dabba.inspect.stats();
  // It took what it could, left the rest to the next tick, and holds nothing.
  assertEquals([requests <= 50, most <= 6, line?.later], [true, true, 0]);
  const taken = all.length - line!.ready;
  assert(taken >= 100 && taken <= all.length / 2, `It took ${taken}`);
});

toolbox.test(
  "runtimes: a bundle for the edge holds no SQLite, no gateway and no node: module",
  BUILDERS,
  async () => {
    const place = "--define:PLACE={}";
    // esbuild itself refuses node: modules here, as the platform is the browser's.
    const bundle = await project.bundle("worker_entry.ts", ["--format=esm", place, "--minify"]);
    const text = await Deno.readTextFile(bundle);
    const strays = ["PRAGMA", "node:", "sqlite_version", "maxReplyBytes"];
    assertEquals(strays.filter((stray) => text.includes(stray)), []);
    assert(text.includes("ZRANGE"), "it is another bundle");
  },
);

onRuntime("edge-runtime", async (gateway) => {
  const args = ["--format=iife", "--conditions=edge-light", placeOf(gateway)];
  const bundle = await project.bundle("edge_entry.ts", args);
  const script = await bundleHost(toolbox, "edge-runtime", "edge_host.ts");
  return await project.succeed("Node 24", [script, bundle, gateway.token]);
});
