/**
 * Runs the tests: `deno task test`, or `deno task test tests/worker --filter drain`.
 *
 * It decides where `@std/assert` comes from, brings and starts one redis-server for the run, and
 * ends with the line `N passed, M failed`. A run of everything also runs the examples in the
 * documentation and prints the coverage of src/.
 */
// deno-lint-ignore-file no-console -- a command's output is its purpose
import { resolve } from "node:path";
import { bringRedis } from "./support/redis_binary.ts";
import { startRedisServer } from "./support/redis_server.ts";
import { decideSetup, deno, ROOT, type Setup } from "./support/project.ts";

/** What came of a run of `deno test`. */
interface Outcome {
  readonly code: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What a run of `deno test` needs of the runner. */
interface Run {
  /** The URL of the redis-server that the tests share. */
  readonly redis: string;
  /** Ends the run before its time. */
  readonly signal: AbortSignal;
  /** Where it runs. */
  readonly cwd: string;
}

/** A run takes a few minutes; one that hangs must not hold up whoever waits for it. */
const LIMIT_MS = 30 * 60_000;

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  const setup = await decideSetup();
  console.log(setup.says);
  try {
    await bringRedis(console.log);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  }
  const outcome = await lendRedis((run) =>
    args.length === 0 ? runAll(setup, run) : runSome(setup, run, args)
  );
  console.log(verdict(outcome));
  return outcome.code;
}

async function runSome(setup: Setup, run: Run, args: readonly string[]): Promise<Outcome> {
  return await runTests([...setup.args, "-A", "--parallel", ...await selection(args)], run);
}

async function runAll(setup: Setup, run: Run): Promise<Outcome> {
  const coverage = await Deno.makeTempDir({ prefix: "dabba-coverage-" });
  try {
    const flags = ["-A", "--parallel", `--coverage=${coverage}`, "--coverage-raw-data-only"];
    const tests = await runTests([...setup.args, ...flags, "tests/"], run);
    if (run.signal.aborted) return tests;
    const examples = await runExamples(setup, run);
    await deno(["coverage", `--include=${ownCode()}`, coverage]);
    return sum(tests, examples);
  } finally {
    // A run that was cut off may still be writing: what is left lies in a temporary folder.
    await Deno.remove(coverage, { recursive: true }).catch(() => {});
  }
}

/** A pattern for the URLs of what is published. */
function ownCode(): string {
  const { href } = new URL("../src/", import.meta.url);
  return `^${href.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`;
}

/**
 * Runs the code blocks in the documentation comments and in the README, in a folder of their own:
 * the one with the default broker leaves a database where it runs.
 */
async function runExamples(setup: Setup, run: Run): Promise<Outcome> {
  console.log("\nThe examples of the documentation:");
  const documented = await existing(["mod.ts", "src/", "README.md"]);
  const cwd = await Deno.makeTempDir({ prefix: "dabba-examples-" });
  try {
    const flags = ["-A", "--doc", "--permit-no-files"];
    const paths = documented.map((path) => resolve(ROOT, path));
    return await runTests([...setup.exampleArgs, ...flags, ...paths], { ...run, cwd });
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
}

function sum(one: Outcome, other: Outcome): Outcome {
  return {
    code: one.code || other.code,
    passed: one.passed + other.passed,
    failed: one.failed + other.failed,
    skipped: one.skipped + other.skipped,
  };
}

/** The arguments as they are, with all tests where they name none. */
async function selection(args: readonly string[]): Promise<string[]> {
  const paths = await existing(args.filter((arg) => !arg.startsWith("-")));
  return paths.length > 0 ? [...args] : [...args, "tests/"];
}

async function existing(paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    paths.map((path) => Deno.stat(resolve(ROOT, path)).then(() => path, () => "")),
  );
  return found.filter((path) => path !== "");
}

/** Lends one redis-server to a run, and stops both when the runner is told to end. */
async function lendRedis(use: (run: Run) => Promise<Outcome>): Promise<Outcome> {
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  Deno.addSignalListener("SIGINT", interrupt);
  Deno.addSignalListener("SIGTERM", interrupt);
  const { signal } = interruption;
  const limit = setTimeout(() => {
    console.error(`The tests hang: ended after ${LIMIT_MS / 60_000} minutes`);
    interruption.abort();
  }, LIMIT_MS);
  Deno.unrefTimer(limit);
  const given = Deno.env.get("DABBA_TEST_REDIS");
  if (given) {
    console.log("redis-server: the one of DABBA_TEST_REDIS");
    return await use({ redis: given, signal, cwd: ROOT });
  }
  await using server = await startRedisServer();
  console.log(`redis-server: started for this run on port ${server.port}`);
  return await use({ redis: server.url, signal, cwd: ROOT });
}

/** Runs deno, showing its output as it comes and keeping it to read the summary from. */
async function runTests(args: readonly string[], { redis, signal, cwd }: Run): Promise<Outcome> {
  const colours = Deno.stdout.isTerminal() && !Deno.noColor ? { FORCE_COLOR: "1" } : undefined;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", ...args],
    cwd,
    signal,
    env: { DABBA_TEST_REDIS: redis, ...colours },
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const decoder = new TextDecoder();
  let tail = "";
  for await (const chunk of child.stdout) {
    await writeAll(chunk);
    tail = (tail + decoder.decode(chunk, { stream: true })).slice(-4096);
  }
  const { code } = await child.status;
  return summary(tail, code);
}

async function writeAll(bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) written += await Deno.stdout.write(bytes.subarray(written));
}

/** Reads `ok | 38 passed (2 steps) | 1 failed | 3 ignored (27ms)`; it stands near the end. */
function summary(output: string, code: number): Outcome {
  // deno-lint-ignore no-control-regex -- colours are escape sequences
  const plain = output.replace(/\x1b\[[0-9;]*m/g, "");
  const line = plain.split("\n").findLast((text) => /^(ok|FAILED) \| \d+ passed/.test(text)) ?? "";
  const count = (word: string) => Number(line.match(new RegExp(`(\\d+) ${word}`))?.[1] ?? 0);
  const failed = count("failed");
  return {
    code,
    passed: count("passed"),
    // Without a summary, or against it, something failed all the same: types, or loading a file.
    failed: code === 0 ? failed : Math.max(failed, 1),
    skipped: count("ignored"),
  };
}

function verdict({ passed, failed, skipped }: Outcome): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
