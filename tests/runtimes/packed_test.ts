/** What is published, and how the tarball fares in a fresh project of npm. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ROOT } from "../support/project.ts";
import { redisGateway } from "../support/redis_gateway.ts";
import { readSources, staticGraph } from "../support/source_tree.ts";
import { startRedisServer } from "../support/redis_server.ts";
import { BUILDERS, PackedProject } from "./packed_project.ts";
import { Toolbox, VERSIONS } from "./toolbox.ts";

const toolbox = await Toolbox.bring([
  ...["Node 20", "Node 22", "Bun 1.2", "TypeScript 5", "TypeScript 7"] as const,
  ...BUILDERS,
]);
let project: PackedProject;

Deno.test.beforeAll(async () => {
  if (toolbox.missing(...BUILDERS)) return;
  project = await PackedProject.make(toolbox, "zod@4");
  await Deno.writeTextFile(`${project.dir}/start.ts`, await readStart());
  await project.transpile("start.ts");
});
Deno.test.afterAll(async () => {
  await project?.[Symbol.asyncDispose]();
  await toolbox[Symbol.asyncDispose]();
});

/** The first program of the README, the one that everybody tries. */
async function readStart(): Promise<string> {
  const readme = await Deno.readTextFile(`${ROOT}README.md`);
  const [, start] = readme.match(/^```ts\n([\s\S]*?)^```$/m) ?? [];
  if (!start?.includes("worker().drain()")) {
    throw new Error("The README begins with another program");
  }
  return start;
}

interface Manifest {
  readonly exports: Record<string, Record<"types" | "import" | "default", string>>;
  readonly dependencies: Record<string, string>;
  readonly scripts?: unknown;
}

async function listPackage(): Promise<{ path: string; bytes: number }[]> {
  const root = `${project.dir}/node_modules/@dabba/queue`;
  const files: { path: string; bytes: number }[] = [];
  const walk = async (folder: string) => {
    for await (const { name, isDirectory } of Deno.readDir(`${root}/${folder}`)) {
      if (isDirectory) await walk(`${folder}${name}/`);
      else {
        const { size } = await Deno.stat(`${root}/${folder}${name}`);
        files.push({ path: `${folder}${name}`, bytes: size });
      }
    }
  };
  await walk("");
  return files.sort((a, b) => a.path < b.path ? -1 : 1);
}

const PAPERS = ["CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md"];

/** The published modules: what the entry points of deno.json reach. */
async function reachable(): Promise<string[]> {
  const { exports } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  const sources = await readSources("mod.ts", "src");
  // What is loaded late is reached, too.
  const eager = sources.map((file) => ({
    ...file,
    imports: file.imports.map((one) => ({ ...one, dynamic: false })),
  }));
  const entries = Object.values<string>(exports).map((path) => path.slice(2));
  const found = entries.flatMap((entry) => staticGraph(eager, entry).map(({ path }) => path));
  return [...new Set(found)].sort();
}

Deno.test("deno task pack: its tarball is no change of the repository, which would stop the next one", async () => {
  const ignored = (await Deno.readTextFile(`${ROOT}.gitignore`)).split("\n");
  assertEquals(ignored.includes("*.tgz"), true);
});

toolbox.test(
  "deno task pack: the tarball holds modules, their types and four papers",
  BUILDERS,
  async () => {
    const files = await listPackage();
    const paths = files.map(({ path }) => path).filter((path) => !path.endsWith(".d.ts"));
    const modules = (await reachable()).map((path) => path.replace(/\.ts$/, ".js"));
    assertEquals(paths, [...PAPERS, "package.json", ...modules].sort());
    const types = files.filter(({ path }) => path.endsWith(".d.ts"));
    const strays = types.filter(({ path }) => !modules.includes(path.replace(/d\.ts$/, "js")));
    assertEquals(strays, []);
  },
);

toolbox.test("deno task pack: the tarball is as small as the README says", BUILDERS, async () => {
  const readme = (await Deno.readTextFile(`${ROOT}README.md`)).replace(/\s+/g, " ");
  const [, packed, unpacked] =
    readme.match(/tarball of less than (\d+) kB, less than (\d+) kB unpacked/) ?? [];
  const { size } = await Deno.stat(project.tarball);
  const bytes = (await listPackage()).reduce((sum, file) => sum + file.bytes, 0);
  assertEquals([size < Number(packed) * 1000, bytes < Number(unpacked) * 1000], [true, true]);
});

toolbox.test(
  "deno task pack: the package has the exports of deno.json, four dependencies, no script",
  BUILDERS,
  async () => {
    const path = `${project.dir}/node_modules/@dabba/queue/package.json`;
    const manifest: Manifest = JSON.parse(await Deno.readTextFile(path));
    const { exports } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
    assertEquals(Object.keys(manifest.exports), Object.keys(exports));
    assertEquals(Object.keys(manifest.dependencies), [
      "@upstash/redis",
      "devalue",
      "hono",
      "ioredis",
    ]);
    assertEquals(manifest.scripts, undefined);
    const present = new Set((await listPackage()).map((file) => `./${file.path}`));
    const named = Object.values(manifest.exports).flatMap((entry) => Object.values(entry));
    assertEquals(named.filter((file) => !present.has(file)), []);
  },
);

Deno.test("the README names the versions that the suite runs on", async () => {
  const readme = await Deno.readTextFile(`${ROOT}README.md`);
  const table = readme.slice(readme.indexOf("## Runtimes"), readme.indexOf("## Brokers"));
  assertEquals(VERSIONS.filter((version) => !table.includes(version)), []);
});

Deno.test("deno publish: sends the modules, their configuration and four papers", async () => {
  const { stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["publish", "--dry-run", "--allow-dirty"],
    ...{ cwd: ROOT, env: { NO_COLOR: "1" }, stdin: "null", stdout: "null", stderr: "piped" },
  }).output();
  const said = new TextDecoder().decode(stderr);
  const prefix = `   ${new URL(`file://${ROOT}`).href}`;
  const paths = said.split("\n").filter((line) => line.startsWith(prefix))
    .map((line) => line.slice(prefix.length).replace(/ \(.*\)$/, ""));
  // The gateway's program: for `deno run`, which takes any file of a package.
  const modules = [...await reachable(), "src/gateway/main.ts"];
  assertEquals(paths.sort(), [...PAPERS, "deno.json", ...modules].sort());
});

const SENT = "Sent to ada@example.com";

for (const name of ["Node 22", "Node 24"] as const) {
  toolbox.test(
    `packed: the README's start runs on ${name}, on SQLite`,
    [name, ...BUILDERS],
    async () => {
      assertEquals(await project.succeed(name, ["start.mjs"]), SENT);
    },
  );
}

toolbox.test(
  "packed: the README's start runs on Bun as it is, on SQLite",
  ["Bun 1.2", ...BUILDERS],
  async () => {
    assertEquals(await project.succeed("Bun 1.2", ["start.ts"]), SENT);
  },
);

toolbox.test("packed: the README's start on Node 20, which has no SQLite, names both ways out", [
  "Node 20",
  ...BUILDERS,
], async () => {
  const { code, err } = await project.run("Node 20", ["start.mjs"]);
  assertEquals(code, 1);
  assertMatch(err, /DabbaError: Cannot use SQLite: this runtime has none; Node has it from 22\.13/);
  assertStringIncludes(err, "UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN");
  assertStringIncludes(err, "code: 'no_broker'");
});

toolbox.test("packed: the README's start runs on Node 20 with Redis by the environment", [
  "Node 20",
  ...BUILDERS,
], async () => {
  // A server of its own: the program uses the default namespace.
  await using redis = await startRedisServer();
  await using server = await redisGateway({ redis: redis.url });
  const env = { UPSTASH_REDIS_REST_URL: server.url, UPSTASH_REDIS_REST_TOKEN: server.token };
  assertEquals(await project.succeed("Node 20", ["start.mjs"], env), SENT);
});

/** What a user writes: types come through, and what is wrong is told. */
const TYPED = `
import { Dabba, defineTask, type Receipt, redisBroker, scheduled, task, type TaskContext } from "@dabba/queue";
import { dabbaRoutes, enqueue, enqueued, withTasks } from "@dabba/queue/hono";
import { upstashClient } from "@dabba/queue/redis";
import { sqliteBroker } from "@dabba/queue/sqlite";
import { gateway } from "@dabba/queue/gateway";
import { memoryBroker } from "@dabba/queue/testing";
import { Hono } from "hono";
import { hc } from "hono/client";
import { z } from "zod";

class Images {
  @task("image.resize", { input: z.object({ key: z.string() }) })
  resize({ key }: { key: string }, ctx: TaskContext): { key: string; attempt: number } {
    return { key, attempt: ctx.attempt };
  }
}
const double = defineTask("double", { input: z.object({ n: z.number() }) }, ({ n }) => n * 2);
const dabba = new Dabba({ broker: memoryBroker(), tasks: { double, images: new Images() } });
const receipt: Receipt<number> = await dabba.tasks.double.enqueue({ n: 1 }, { delay: "10s" });
// @ts-expect-error the input is checked
await dabba.tasks.double.enqueue({ n: "1" });
// @ts-expect-error so is what a task is called
await dabba.tasks.treble.enqueue({ n: 1 });

const app = new Hono()
  .use(withTasks(dabba))
  .post("/", async (c) => enqueued(c, await c.var.tasks.images.resize.enqueue({ key: "a" })))
  .post("/double", enqueue(dabba.tasks.double))
  .route("/dabba", dabbaRoutes(dabba, { secret: "a-secret" }));
const answered = await hc<typeof app>("http://localhost").index.$post();
const { id }: { id: string } = await answered.json();
// @ts-expect-error and what a route answers
const count: number = id;

export const sum: number = await receipt.result();
export const worker = { fetch: app.fetch, scheduled: scheduled(dabba, { budget: "25s" }) };
export const brokers = [redisBroker({ client: upstashClient({ url: "", token: "" }) }), sqliteBroker()];
export { count, gateway };
`;

const COMPILERS = [
  ["TypeScript 7", "nodenext", []],
  ["TypeScript 7", "bundler", []],
  // The libraries of its own take it long; those that are packed it checks all the same.
  ["TypeScript 5", "bundler", ["--skipLibCheck"]],
] as const;

for (const [name, resolution, flags] of COMPILERS) {
  const title = `packed: types come through with ${name} and moduleResolution ${resolution}`;
  toolbox.test(title, [name, ...BUILDERS], async () => {
    await Deno.writeTextFile(`${project.dir}/typed.ts`, TYPED);
    const module = resolution === "bundler" ? "esnext" : resolution;
    const said = await project.run("Node 24", [
      `${toolbox.get(name).dir}/bin/tsc`,
      ...["typed.ts", "--noEmit", "--strict", "--pretty", "false", "--target", "esnext"],
      ...["--module", module, "--moduleResolution", resolution, ...flags],
    ]);
    assertEquals(said, { code: 0, out: "", err: "" });
  });
}
