/** Processes that tell the test which started them one line for each thing that is so. */

import { wholeLinesOf } from "../../support/lines.ts";

/** Is a process whose lines are read. */
export interface LedgerProcess {
  readonly child: Deno.ChildProcess;
  /** Gives each line, but not one that a kill cut short. */
  readonly lines: AsyncGenerator<string>;
  /** What it wrote to stderr, once it has ended. */
  readonly complaints: Promise<string>;
}

/** Starts a module of this folder in a process of its own. */
export function startProcess(module: string, args: readonly string[]): LedgerProcess {
  const child = new Deno.Command(Deno.execPath(), {
    // No configuration: the modules name what they need by path.
    args: ["run", "--no-config", "--no-prompt", "-A", new URL(module, import.meta.url).href]
      .concat(args),
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return {
    child,
    lines: wholeLinesOf(child.stdout),
    complaints: new Response(child.stderr).text(),
  };
}
