/** Runs programs of the bench in processes of their own, as users' programs are. */

import { linesOf } from "../support/lines.ts";
import { ROOT } from "../support/project.ts";

/** Is what a program says: one line of JSON. */
export type Said = Readonly<Record<string, number>>;

const decoder = new TextDecoder();

/** The arguments of Deno that run a program of this folder. */
function denoArgs(path: string, orders: unknown, flags: readonly string[] = []): string[] {
  const program = new URL(path, import.meta.url).href;
  return ["run", "--quiet", "--no-check", "-A", ...flags, program, JSON.stringify(orders)];
}

/** Runs a program of this folder to its end; gives the last line that it says. */
export async function runProgram(
  path: string,
  orders: unknown,
  flags: readonly string[] = [],
): Promise<Said> {
  return await runCommand(Deno.execPath(), denoArgs(path, orders, flags));
}

/** Runs any command to its end; gives the last line of JSON that it says. */
export async function runCommand(command: string, args: readonly string[]): Promise<Said> {
  const child = new Deno.Command(command, {
    args: [...args],
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const { code, signal, stdout, stderr } = await child.output();
  const line = decoder.decode(stdout).split("\n").findLast((text) => text.startsWith("{"));
  if (code === 0 && line !== undefined) return JSON.parse(line);
  const reason = decoder.decode(stderr).trim().slice(-500);
  throw new Error(`"${command}" ended with ${signal ?? code}: ${reason || "it said nothing"}`);
}

/** Is a program that goes on, and says something now and then. */
export interface Running extends AsyncDisposable {
  readonly pid: number;
  /** Gives the next thing that it says; throws when it has ended. */
  next(): Promise<Said>;
}

/** Starts a program of this folder that goes on until it is disposed of. */
export function startProgram(path: string, orders: unknown, flags: string[] = []): Running {
  const child = new Deno.Command(Deno.execPath(), {
    args: denoArgs(path, orders, flags),
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = linesOf(child.stdout);
  return {
    pid: child.pid,
    async next() {
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new Error(`"${path}" has ended`);
        if (value.startsWith("{")) return JSON.parse(value);
      }
    },
    [Symbol.asyncDispose]: async () => void await stop(child, lines),
  };
}

/** Ends a process, and reads what it still says. */
export async function stop(
  child: Deno.ChildProcess,
  lines: AsyncGenerator<string>,
): Promise<string[]> {
  try {
    child.kill("SIGTERM");
  } catch (error) {
    // It has ended by itself.
    if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
  }
  const rest = await Array.fromAsync(lines);
  await child.status;
  return rest;
}
