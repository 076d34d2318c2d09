/** Runs what finds rows, a metric or a check, in a process of its own, so that it takes no other along. */

import { descendantsOf } from "./descendants.ts";
import { linesOf } from "./lines.ts";
import { ROOT } from "./project.ts";

/** Says how long the process may take, and who hears what it says. */
export interface RowProcessOptions {
  /** After so long it is ended, with all that it has started. */
  readonly limitMs: number;
  /** Hears each line that is no row. */
  readonly say: (line: string) => void;
}

/** Is what came of a process. */
export interface Ran<Row> {
  /** The lines that were JSON objects, in their order. */
  readonly rows: Row[];
  /** Whether it ended by itself, and well. */
  readonly succeeded: boolean;
  /** How it ended, for people to read. */
  readonly ended: string;
}

/** Runs Deno with these arguments in the project's root, and waits for its end. */
export async function runForRows<Row>(
  args: readonly string[],
  { limitMs, say }: RowProcessOptions,
): Promise<Ran<Row>> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "-A", ...args],
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let late: Promise<void> | undefined;
  const limit = setTimeout(() => late = endAll(child.pid), limitMs);
  const rows: Row[] = [];
  for await (const line of linesOf(child.stdout)) {
    if (line.startsWith("{")) rows.push(JSON.parse(line));
    else say(line);
  }
  const { code, signal } = await child.status;
  clearTimeout(limit);
  await late;
  const ended = late
    ? `it had not ended after ${limitMs / 60_000} minutes`
    : `its process ended with ${signal ?? code}`;
  return { rows, succeeded: code === 0, ended };
}

/** Ends a process that hangs, and what it has started: servers, workers. */
async function endAll(pid: number): Promise<void> {
  for (const each of [...await descendantsOf(pid), pid]) {
    try {
      Deno.kill(each, "SIGKILL");
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
