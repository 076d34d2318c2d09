/** Runs an example as its users do: a process of its own, types checked, in an empty folder. */
import { ROOT } from "../support/project.ts";

/** Says how it runs. */
export interface ExampleOptions {
  /** Its variables, besides the few that Deno needs itself. */
  readonly env?: Record<string, string>;
  /** Where it runs; a folder of its own by default, which goes with it. */
  readonly cwd?: string;
}

/** An example that runs, and what it has said so far. */
export class ExampleProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #cwd: string | undefined;
  readonly #read: Promise<unknown>;
  #said = "";
  #out = "";
  #heard: () => void = () => {};

  private constructor(child: Deno.ChildProcess, cwd: string | undefined) {
    this.#child = child;
    this.#cwd = cwd;
    const out = (part: string) => this.#out += part;
    this.#read = Promise.all([this.#listen(child.stdout, out), this.#listen(child.stderr)]);
  }

  /** Starts `examples/<name>`, or another module by its URL. */
  static async start(name: string, options: ExampleOptions = {}): Promise<ExampleProcess> {
    const own = options.cwd ? undefined : await Deno.makeTempDir({ prefix: "dabba-example-" });
    const module = name.includes(":") ? name : `${ROOT}examples/${name}`;
    const flags = ["--check", "--no-lock", "-A", "--config", `${ROOT}deno.json`];
    const child = spawn(Deno.execPath(), ["run", ...flags, module], { cwd: own, ...options });
    return new ExampleProcess(child, own);
  }

  /** Starts a program of another runtime, in a folder that is there. */
  static of(
    program: string,
    args: readonly string[],
    options: ExampleOptions & { readonly cwd: string },
  ): ExampleProcess {
    return new ExampleProcess(spawn(program, args, options), undefined);
  }

  /** Waits for words of it, and gives what they matched. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    const ended = this.#read.then(() => true);
    while (true) {
      const found = pattern.exec(this.#said);
      if (found) return found;
      const heard = new Promise<boolean>((resolve) => this.#heard = () => resolve(false));
      if (!await Promise.race([heard, ended])) continue;
      const last = pattern.exec(this.#said);
      if (last) return last;
      throw new Error(`It ended without saying ${pattern}:\n${this.#said}`);
    }
  }

  /** Tells it to end. */
  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits for its end; gives what it wrote on its output, or all of it when it failed. */
  async ended(): Promise<{ readonly code: number; readonly said: string }> {
    const [{ code }] = await Promise.all([this.#child.status, this.#read]);
    return { code, said: code === 0 ? this.#out : this.#said };
  }

  async #listen(
    stream: ReadableStream<Uint8Array>,
    keep: (part: string) => void = () => {},
  ): Promise<void> {
    for await (const part of stream.pipeThrough(new TextDecoderStream())) {
      keep(part);
      this.#said += part;
      this.#heard();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      // It has ended by itself.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.ended();
    if (this.#cwd) await Deno.remove(this.#cwd, { recursive: true });
  }
}

function spawn(
  program: string,
  args: readonly string[],
  { cwd, env }: { readonly cwd?: string | undefined; readonly env?: Record<string, string> },
): Deno.ChildProcess {
  return new Deno.Command(program, {
    args: [...args],
    ...(cwd === undefined ? {} : { cwd }),
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}
