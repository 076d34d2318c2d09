/**
 * Runs every check that a change must pass, `deno task ok`; it stops at the first that fails.
 *
 * `--no-test` leaves the tests out, for CI that runs them in a step of its own.
 */
// deno-lint-ignore-file no-console -- a command's output is its purpose
import { decideSetup, deno, ROOT } from "./support/project.ts";

interface Step {
  readonly name: string;
  readonly args: readonly string[];
}

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  const setup = await decideSetup();
  const exports = await presentExports();
  const steps: Step[] = [
    { name: "format", args: ["fmt", "--check"] },
    { name: "lint", args: ["lint"] },
    { name: "types", args: ["check", ...setup.args, "."] },
    // Quiet about the types that packages want of Node; what it finds it says all the same.
    { name: "documentation", args: ["doc", "--quiet", "--lint", ...exports] },
    { name: "publish dry run", args: ["publish", "--dry-run", "--allow-dirty"] },
  ];
  if (!args.includes("--no-test")) {
    steps.push({ name: "tests", args: ["run", "-A", "tests/run.ts"] });
  }
  for (const { name, args } of steps) {
    console.log(`\n== ${name}: deno ${args.join(" ")}`);
    const code = await deno(args);
    if (code !== 0) {
      console.error(`\nNot ok: ${name} failed`);
      return code;
    }
  }
  if (args.includes("--no-test")) console.log("\nOk, the tests aside");
  return 0;
}

/** The modules that deno.json exports, as far as they are there. */
async function presentExports(): Promise<string[]> {
  const { exports } = JSON.parse(await Deno.readTextFile(ROOT + "deno.json"));
  const present: string[] = [];
  for (const path of Object.values<string>(exports)) {
    if (await Deno.stat(ROOT + path).then(() => true, () => false)) present.push(path);
  }
  return present;
}
