/** Runs the examples for Node, Bun and Cloudflare where they are meant to run, on what is packed. */
import { assertEquals, assertMatch } from "@std/assert";
import { BUILDERS, PackedProject } from "../runtimes/packed_project.ts";
import { Toolbox, type ToolName } from "../runtimes/toolbox.ts";
import { ROOT } from "../support/project.ts";
import { redisGateway } from "../support/redis_gateway.ts";
import { ExampleProcess } from "./example_process.ts";

const toolbox = await Toolbox.bring(["Bun 1.4", "workerd", ...BUILDERS]);
let project: PackedProject;

Deno.test.beforeAll(async () => {
  if (toolbox.missing(...BUILDERS)) return;
  project = await PackedProject.make(toolbox, "zod@4", "@hono/node-server@2");
});
Deno.test.afterAll(async () => {
  await project?.[Symbol.asyncDispose]();
  await toolbox[Symbol.asyncDispose]();
});

const POST = {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: '{"email":"ada@example.com"}',
};

for (const [folder, runtime] of [["node", "Node 24"], ["bun", "Bun 1.4"]] as const) {
  const title = `examples/${folder}/server.ts answers, works and stops on ${runtime}`;
  toolbox.test(title, [runtime, ...BUILDERS], async () => {
    // In a folder of its own, which the database goes with, below the packages.
    const cwd = `${project.dir}/${folder}`;
    await Deno.mkdir(cwd);
    await Deno.copyFile(`${ROOT}examples/${folder}/server.ts`, `${cwd}/server.ts`);
    const options = { cwd, env: { PORT: "0" } };
    await using server = ExampleProcess.of(toolbox.program(runtime), ["server.ts"], options);
    const [, url] = await server.says(/Listening on (http:\/\/localhost:\d+)\n/);
    await assertRuns(url!);
    server.kill("SIGTERM");
    const { code, said } = await server.ended();
    assertEquals([code, said], [0, `Listening on ${url}\n`]);
    assertEquals(await Deno.stat(`${cwd}/dabba.db`).then(({ isFile }) => isFile), true);
  });
}

async function assertRuns(url: string): Promise<void> {
  const asked = await fetch(`${url}/welcome`, POST);
  assertEquals([asked.status, (await asked.json()).task], [202, "email.welcome"]);
  const location = `${url}${asked.headers.get("location")}`;
  assertMatch(await (await fetch(`${location}/events`)).text(), /event: result/);
  assertEquals((await (await fetch(location)).json()).output, { sentTo: "ada@example.com" });
}

/** Starts the bundle as its wrangler.jsonc says, by miniflare; in the folder that has it. */
const HOST = `
  import { Miniflare } from "miniflare";
  const { path, config, bindings } = JSON.parse(process.argv[2]);
  const workerd = new Miniflare({
    modules: [{ type: "ESModule", path }],
    compatibilityDate: config.compatibility_date,
    compatibilityFlags: config.compatibility_flags,
    bindings,
  });
  try {
    const ask = async (path, init) => {
      const response = await workerd.dispatchFetch("http://worker.test" + path, init);
      return { status: response.status, body: await response.json() };
    };
    const asked = await ask("/welcome", JSON.parse(process.argv[3]));
    const before = await ask(asked.body.status);
    const worker = await workerd.getWorker();
    const { outcome } = await worker.scheduled({ cron: config.triggers.crons[0] });
    const after = await ask(asked.body.status);
    console.log(JSON.stringify({ asked, before, outcome, after }));
  } finally {
    await workerd.dispose();
  }`;

const CLOUDFLARE: readonly ToolName[] = ["workerd", ...BUILDERS];

toolbox.test(
  "examples/cloudflare/worker.ts answers, and works by its cron",
  CLOUDFLARE,
  async () => {
    const folder = `${ROOT}examples/cloudflare/`;
    const config = JSON.parse(await Deno.readTextFile(`${folder}wrangler.jsonc`));
    await Deno.copyFile(`${folder}${config.main}`, `${project.dir}/${config.main}`);
    // As wrangler bundles with nodejs_compat.
    const flags = ["--format=esm", "--conditions=workerd,worker", "--external:node:*"];
    const path = await project.bundleOwn(config.main, flags);

    await using server = await redisGateway();
    const bindings = {
      ...config.env.preview.vars,
      UPSTASH_REDIS_REST_URL: server.url,
      UPSTASH_REDIS_REST_TOKEN: server.token,
      DABBA_SECRET: "lunch-at-twelve-sharp",
      // One of its own, in the form of that of the previews.
      DABBA_NAMESPACE: `${config.env.preview.vars.DABBA_NAMESPACE}-${server.namespace}`,
    };
    const host = `${toolbox.dir}/workerd/example_host.mjs`;
    await Deno.writeTextFile(host, HOST);
    const args = [host, JSON.stringify({ path, config, bindings }), JSON.stringify(POST)];
    const { asked, before, outcome, after } = JSON.parse(await project.succeed("Node 24", args));
    assertEquals([asked.status, before.body.state, outcome], [202, "ready", "ok"]);
    assertEquals([after.body.state, after.body.output], ["succeeded", {
      sentTo: "ada@example.com",
    }]);
  },
);

/** Sends what a user does, then what Vercel's cron does, without its secret and with it. */
const VISIT = `
  const { default: app } = await import("./vercel.ts");
  const [, path] = process.argv;
  const ask = async (path, init) => {
    const response = await app.fetch(new Request("https://app.example" + path, init));
    return { status: response.status, body: await response.json() };
  };
  const headers = { "content-type": "application/json" };
  const asked = await ask("/reports", { method: "POST", headers, body: '{"month":"2030-01"}' });
  const closed = await ask(path);
  const drained = await ask(path, { headers: { authorization: "Bearer of-the-cron" } });
  const message = await ask(asked.body.status);
  console.log(JSON.stringify({ asked, closed, drained, message }));`;

toolbox.test(
  "examples/vercel/server.ts is drained by the request of its vercel.json",
  BUILDERS,
  async () => {
    const folder = `${ROOT}examples/vercel/`;
    const { crons: [cron] } = JSON.parse(await Deno.readTextFile(`${folder}vercel.json`));
    await Deno.copyFile(`${folder}server.ts`, `${project.dir}/vercel.ts`);
    await using server = await redisGateway();
    const env = {
      UPSTASH_REDIS_REST_URL: server.url,
      UPSTASH_REDIS_REST_TOKEN: server.token,
      DABBA_NAMESPACE: server.namespace,
      CRON_SECRET: "of-the-cron",
    };
    const args = ["--input-type=module", "--eval", VISIT, cron.path];
    const said = JSON.parse(await project.succeed("Node 24", args, env));
    assertEquals([said.asked.status, said.closed.status, said.drained.status], [202, 401, 200]);
    assertEquals([said.drained.body.succeeded, said.message.body.output], [1, {
      file: "reports/2030-01.pdf",
    }]);
    assertMatch(cron.schedule, /^(\S+ ){4}\S+$/);
  },
);
