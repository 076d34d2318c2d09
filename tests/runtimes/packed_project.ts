/** A fresh project of npm with the packed library in it, as plain JavaScript, and what runs there. */
import { basename } from "node:path";
import { ROOT } from "../support/project.ts";
import type { Toolbox, ToolName } from "./toolbox.ts";

/** What a program of the project says. */
export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Says how to bundle. */
interface BundleOptions {
  /** The folder of the bundle. */
  readonly into: string;
  /** More arguments for esbuild. */
  readonly args: readonly string[];
  /** Where packages are found; none are by default. */
  readonly packages?: string;
}

/** What builds and installs. */
export const BUILDERS: readonly ToolName[] = ["Node 24", "npm", "esbuild"];

const BUNDLED = ["--bundle", "--target=es2022"] as const;
const HERE = `${ROOT}tests/runtimes/`;

/** Packs the library into a tarball, and gives its path. */
export async function pack(folder: string): Promise<string> {
  const path = `${folder}/queue.tgz`;
  // The same as `deno task pack`, but for where it goes.
  const { tasks } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  const [program, ...args]: string[] = tasks.pack.command.split(" ");
  if (program !== "deno") throw new Error(`deno task pack does not run deno, but ${program}`);
  const said = await say(Deno.execPath(), [...args, "--allow-dirty", "--output", path], {
    cwd: ROOT,
  });
  // Types are left out of modules that nobody imports; a line for each would hide what matters.
  if (said.code !== 0 || said.err !== "") {
    throw new Error(`Packing says:\n${said.out}\n${said.err}`);
  }
  return path;
}

/** A project that has installed the tarball. */
export class PackedProject implements AsyncDisposable {
  readonly dir: string;
  readonly tarball: string;
  readonly #toolbox: Toolbox;

  private constructor(dir: string, tarball: string, toolbox: Toolbox) {
    this.dir = dir;
    this.tarball = tarball;
    this.#toolbox = toolbox;
  }

  /** Packs, and installs what it packed with npm, beside the packages given. */
  static async make(toolbox: Toolbox, ...packages: string[]): Promise<PackedProject> {
    const dir = await Deno.makeTempDir({ prefix: "dabba-project-" });
    const project = new PackedProject(dir, await pack(dir), toolbox);
    const manifest = { name: "shop", private: true, type: "module" };
    await Deno.writeTextFile(`${dir}/package.json`, JSON.stringify(manifest));
    const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--no-update-notifier"];
    await project.succeed("Node 24", [
      `${toolbox.get("npm").dir}/bin/npm-cli.js`,
      ...["install", ...flags, project.tarball, ...packages],
    ]);
    return project;
  }

  /** Runs a program of the toolbox in the project's folder. */
  async run(
    name: ToolName,
    args: readonly string[],
    env: Record<string, string> = {},
  ): Promise<Said> {
    return await say(this.#toolbox.program(name), args, { cwd: this.dir, env });
  }

  /** The same, and throws when it fails. */
  async succeed(
    name: ToolName,
    args: readonly string[],
    env: Record<string, string> = {},
  ): Promise<string> {
    return await succeed(this.#toolbox.program(name), args, { cwd: this.dir, env });
  }

  /** Bundles a file of this folder with the project's packages, and gives the bundle's path. */
  async bundle(entry: string, args: readonly string[]): Promise<string> {
    const packages = `${this.dir}/node_modules`;
    return await bundle(this.#toolbox, entry, { into: this.dir, args, packages });
  }

  /** Bundles a file that lies in the project, and gives the bundle's path. */
  async bundleOwn(file: string, args: readonly string[]): Promise<string> {
    const path = `${this.dir}/${basename(file, ".ts")}.bundle.mjs`;
    await esbuild(this.#toolbox, [file, ...BUNDLED, `--outfile=${path}`, ...args], this);
    return path;
  }

  /** Makes plain JavaScript of a file that lies in the project, as it is, with `.mjs` at its end. */
  async transpile(file: string): Promise<void> {
    const outfile = `--outfile=${basename(file, ".ts")}.mjs`;
    await esbuild(this.#toolbox, [file, "--format=esm", outfile], this);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
  }
}

/** Bundles a file of this folder, and gives the bundle's path. */
export async function bundle(
  toolbox: Toolbox,
  entry: string,
  { into, args, packages = "" }: BundleOptions,
): Promise<string> {
  const path = `${into}/${basename(entry, ".ts")}.mjs`;
  const env = { NODE_PATH: packages };
  const all = [HERE + entry, ...BUNDLED, `--outfile=${path}`, ...args];
  await esbuild(toolbox, all, { dir: HERE, env });
  return path;
}

async function esbuild(
  toolbox: Toolbox,
  args: readonly string[],
  { dir, env = {} }: { readonly dir: string; readonly env?: Record<string, string> },
): Promise<void> {
  const program = `${toolbox.get("esbuild").dir}/bin/esbuild`;
  const own = [program, "--log-level=warning", ...args];
  await succeed(toolbox.program("Node 24"), own, { cwd: dir, env });
}

interface Where {
  readonly cwd: string;
  readonly env?: Record<string, string>;
}

/** Runs a program and gives what it says. */
export async function say(
  program: string,
  args: readonly string[],
  { cwd, env = {} }: Where,
): Promise<Said> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const [out = "", err = ""] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out: out.trim(), err: err.trim() };
}

/** The same, and throws when it fails. */
export async function succeed(
  program: string,
  args: readonly string[],
  where: Where,
): Promise<string> {
  const { code, out, err } = await say(program, args, where);
  if (code === 0) return out;
  throw new Error(`${program} ${args.join(" ")} ends with ${code}:\n${out}\n${err}`);
}
