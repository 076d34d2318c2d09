import { ROOT } from "../../support/project.ts";
import { readSources } from "../../support/source_tree.ts";
import { startRedisServer } from "../../support/redis_server.ts";
import type { Check } from "../check.ts";

const PROGRAM = "tests/chaos/sandboxed.ts";
const EXPECTED = JSON.stringify({
  ...{ output: "Hello Grace", statuses: [202, 202, 202, 200, 200], dead: 1, redriven: 1 },
});
const MOST_PACKAGES = 5;
/** All that it may read of the environment. */
const VARIABLES = [
  ...["UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN"],
  ...["KV_REST_API_URL", "KV_REST_API_TOKEN"],
];

export const check: Check = {
  id: "R39",
  title: "the permissions that are documented, and what is depended on",
  goal: "all works with them and none more, from the cache, by the lock file; at most 5 direct " +
    "packages, 0 install scripts",
  async run({ say }) {
    const redis = await overHttp(say);
    const sqlite = await onFile(say);
    const direct = await directPackages();
    const { all, scripts } = await packages();
    const figure =
      `Redis over HTTP ${redis ? "works" : "fails"} with --allow-net of one host and ` +
      `--allow-env of ${VARIABLES.length} names, SQLite ${sqlite ? "works" : "fails"} with its ` +
      `folder; ${direct.length} direct packages (${direct.join(", ")}), ${all} with theirs, ` +
      `${scripts.length} install scripts; advisories not looked up (offline)`;
    const met = redis && sqlite && direct.length <= MOST_PACKAGES && scripts.length === 0;
    return { figure, met };
  },
};

async function overHttp(say: (text: string) => void): Promise<boolean> {
  await using server = await startRedisServer();
  if (!Deno.env.has("DABBA_TEST_REDIS")) Deno.env.set("DABBA_TEST_REDIS", server.url);
  const { redisGateway } = await import("../../support/redis_gateway.ts");
  await using gateway = await redisGateway({ redis: server.url });
  return await works(say, {
    flags: [`--allow-net=${new URL(gateway.url).host}`, `--allow-env=${VARIABLES}`],
    env: { UPSTASH_REDIS_REST_URL: gateway.url, UPSTASH_REDIS_REST_TOKEN: gateway.token },
  });
}

async function onFile(say: (text: string) => void): Promise<boolean> {
  const folder = await Deno.makeTempDir({ prefix: "dabba-sandbox-" });
  try {
    const flags = [`--allow-read=${folder}`, `--allow-write=${folder}`, `--allow-env=${VARIABLES}`];
    return await works(say, { flags, cwd: folder });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function works(
  say: (text: string) => void,
  { flags, env = {}, cwd = ROOT }: {
    readonly flags: readonly string[];
    readonly env?: Record<string, string>;
    readonly cwd?: string;
  },
): Promise<boolean> {
  const fixed = ["--quiet", "--no-check", "--no-prompt", "--frozen", "--cached-only"];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...fixed, ...flags, ROOT + PROGRAM],
    ...{ cwd, env, stdin: "null" },
  }).output();
  const said = new TextDecoder().decode(stdout).trim();
  if (success && said === EXPECTED) return true;
  say(`${said} ${new TextDecoder().decode(stderr).slice(0, 500)}`);
  return false;
}

/** The packages that published code imports by name. */
async function directPackages(): Promise<string[]> {
  const sources = await readSources("mod.ts", "src");
  const names = sources.flatMap(({ imports }) => imports.map(({ target }) => target))
    .filter((target) => !/^(src\/|mod\.ts|node:)/.test(target))
    .map((target) => target.split("/").slice(0, target.startsWith("@") ? 2 : 1).join("/"));
  return [...new Set(names)].toSorted();
}

/** All packages of the published modules, and those that would run something when installed. */
async function packages(): Promise<{ all: number; scripts: string[] }> {
  const { exports } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  const paths = new Map<string, string>();
  for (const path of Object.values<string>(exports)) {
    const { modules, npmPackages = {} } = await ask(["info", "--json", path]) as Graph;
    const left = modules.flatMap(({ npmPackage }) => npmPackage ? [npmPackage] : []);
    for (let id = left.pop(); id !== undefined; id = left.pop()) {
      const { name, version, dependencies } = npmPackages[id]!;
      if (!paths.has(id)) left.push(...dependencies);
      paths.set(id, `${name}/${version}/package.json`);
    }
  }
  const { npmCache } = await ask(["info", "--json"]) as { readonly npmCache: string };
  const scripts: string[] = [];
  for (const [id, path] of paths) {
    const { preinstall, install, postinstall } = (await readManifest(npmCache, path)).scripts ?? {};
    if (preinstall ?? install ?? postinstall) scripts.push(id);
  }
  return { all: paths.size, scripts };
}

/** Is what Deno says of a module's graph. */
interface Graph {
  readonly modules: readonly { readonly npmPackage?: string }[];
  readonly npmPackages?: Readonly<
    Record<
      string,
      { readonly name: string; readonly version: string; readonly dependencies: readonly string[] }
    >
  >;
}

interface Manifest {
  readonly scripts?: Readonly<Record<string, string>>;
}

async function readManifest(cache: string, path: string): Promise<Manifest> {
  for await (const { name } of Deno.readDir(cache)) {
    const text = await Deno.readTextFile(`${cache}/${name}/${path}`).catch(() => undefined);
    if (text !== undefined) return JSON.parse(text);
  }
  throw new Error(`${path} is not in the cache`);
}

async function ask(args: string[]): Promise<unknown> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT }).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}
