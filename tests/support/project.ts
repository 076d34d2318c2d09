/** What the runner and `tests/ok.ts` know of the project: its root, its configuration, its Deno. */
import { fileURLToPath } from "node:url";

/** The project's root folder, with a slash at the end. */
export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));

const JSR_PROBE = "https://jsr.io/@std/assert/meta.json";
const PROBE_TIMEOUT_MS = 3_000;
/** Copies of deno.json and deno.lock; the pattern `.deno.*.json` is ignored by git. */
const ONLINE_CONFIG = ".deno.online.json";
const OFFLINE_CONFIG = ".deno.offline.json";
const EXAMPLES_CONFIG = ".deno.examples.json";

type Config = Record<string, unknown> & { compilerOptions?: Record<string, unknown> };

/** The configuration that a run uses. */
export interface Setup {
  /** Arguments for every deno command that loads tests. */
  readonly args: readonly string[];
  /** The same for the examples in the documentation. */
  readonly exampleArgs: readonly string[];
  /** One line for the screen: which `@std/assert` is used, and why. */
  readonly says: string;
}

/**
 * Decides where `@std/assert` comes from: JSR if it can be reached, else the stand-in of this
 * folder. DABBA_ASSERT=jsr or =local decides by hand.
 */
export async function decideSetup(): Promise<Setup> {
  const forced = Deno.env.get("DABBA_ASSERT");
  if (forced !== undefined && forced !== "jsr" && forced !== "local") {
    throw new TypeError(`DABBA_ASSERT is "${forced}", it must be "jsr" or "local"`);
  }
  const because = forced ? `DABBA_ASSERT=${forced}` : await probe();
  const config: Config = JSON.parse(await Deno.readTextFile(ROOT + "deno.json"));
  if (because === undefined || forced === "jsr") {
    return {
      args: await writeConfig(ONLINE_CONFIG, config),
      exampleArgs: await exampleArgs(config),
      says: `@std/assert: the package from JSR (${because ?? "JSR answers"})`,
    };
  }
  config.links = ["./tests/support/std_assert"];
  return {
    args: await writeConfig(OFFLINE_CONFIG, config),
    exampleArgs: await exampleArgs(config),
    says: `@std/assert: the stand-in tests/support/std_assert (${because})`,
  };
}

/** An example declares what it shows, and Deno imports all that its file exports. */
function exampleArgs(config: Config): Promise<string[]> {
  const compilerOptions = {
    ...config.compilerOptions,
    noUnusedLocals: false,
    noUnusedParameters: false,
    isolatedDeclarations: false,
  };
  return writeConfig(EXAMPLES_CONFIG, { ...config, compilerOptions });
}

/** Gives the reason why JSR is out of reach, or nothing if it answers. */
async function probe(): Promise<string | undefined> {
  try {
    const response = await fetch(JSR_PROBE, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    await response.body?.cancel();
    return response.ok ? undefined : `JSR answered ${response.status}`;
  } catch (error) {
    const timedOut = error instanceof DOMException && error.name === "TimeoutError";
    return timedOut ? "JSR did not answer in time" : "JSR cannot be reached";
  }
}

/**
 * Writes a configuration beside deno.json and gives the arguments that choose it. It has a lock
 * file of its own, copied from the committed one: npm packages are the same, and the committed one
 * stays as it is, which Deno would else add its finds at JSR to.
 */
async function writeConfig(name: string, config: Config): Promise<string[]> {
  const lockName = name.replace(/\.json$/, "-lock.json");
  const lock = await Deno.readTextFile(ROOT + "deno.lock").catch(() => undefined);
  if (lock !== undefined) await replaceFile(lockName, lock);
  config = { ...config, lock: lock === undefined ? false : { path: `./${lockName}` } };
  await replaceFile(name, JSON.stringify(config, null, 2) + "\n");
  return ["-c", ROOT + name];
}

/** Renames into place: another run may be reading. */
async function replaceFile(name: string, text: string): Promise<void> {
  const draft = `${ROOT}.deno.${crypto.randomUUID().slice(0, 8)}.json`;
  await Deno.writeTextFile(draft, text);
  await Deno.rename(draft, ROOT + name);
}

/** Runs this very Deno (none need be on PATH) in the project's root, on the same screen. */
export async function deno(args: readonly string[]): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), { args: [...args], cwd: ROOT }).spawn();
  return (await child.status).code;
}
