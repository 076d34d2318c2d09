/** What processes tell the test that started them: one line for each thing that is so. */

import { wholeLinesOf } from "../../support/lines.ts";

const encoder = new TextEncoder();

/** Writes lines at once: what was written before a kill is still read. */
export function say(lines: readonly string[]): void {
  if (lines.length === 0) return;
  const bytes = encoder.encode(lines.join("\n") + "\n");
  for (let written = 0; written < bytes.length;) {
    written += Deno.stdout.writeSync(bytes.subarray(written));
  }
}

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
