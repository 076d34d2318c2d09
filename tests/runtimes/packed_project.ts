/** A fresh project of npm with the packed library in it, as plain JavaScript, and what runs there. */
import { ROOT } from "../support/project.ts";
import { programOf, type Toolbox, type ToolName } from "./toolbox.ts";

/** What a program of the project says. */
export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Is what is needed to bundle. */
interface Bundle {
  /** A file of this folder. */
  readonly entry: string;
  /** More arguments for esbuild. */
  readonly args: readonly string[];
}

const HERE = `${ROOT}tests/runtimes/`;

/** Packs the library into a tarball, and gives its path. */
export async function pack(folder: string): Promise<string> {
  const path = `${folder}/queue.tgz`;
  // The same as `deno task pack`, but for where it goes.
  const { tasks } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  const [program, ...args]: string[] = tasks.pack.command.split(" ");
  if (program !== "deno") throw new Error(`deno task pack does not run deno, but ${program}`);
  await succeed(Deno.execPath(), [...args, "--allow-dirty", "--output", path], { cwd: ROOT });
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
    const { npm } = toolbox.tools;
    await project.succeed("Node 24", [
      `${"dir" in npm ? npm.dir : ""}/bin/npm-cli.js`,
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
    return await say(programOf(this.#toolbox.tools[name]), args, { cwd: this.dir, env });
  }

  /** The same, and throws when it fails. */
  async succeed(
    name: ToolName,
    args: readonly string[],
    env: Record<string, string> = {},
  ): Promise<string> {
    const program = programOf(this.#toolbox.tools[name]);
    return await succeed(program, args, { cwd: this.dir, env });
  }

  /** Bundles a file of this folder with the project's packages, and gives the bundle's path. */
  async bundle({ entry, args }: Bundle): Promise<string> {
    const path = `${this.dir}/${entry.replace(/\.ts$/, ".mjs")}`;
    const { esbuild } = this.#toolbox.tools;
    const own = ["--bundle", "--target=es2022", "--log-level=warning", `--outfile=${path}`];
    const program = `${"dir" in esbuild ? esbuild.dir : ""}/bin/esbuild`;
    await this.succeed("Node 24", [program, HERE + entry, ...own, ...args], {
      NODE_PATH: `${this.dir}/node_modules`,
    });
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
  }
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
async function succeed(program: string, args: readonly string[], where: Where): Promise<string> {
  const { code, out, err } = await say(program, args, where);
  if (code === 0) return out;
  throw new Error(`${program} ${args.join(" ")} ends with ${code}:\n${out}\n${err}`);
}
