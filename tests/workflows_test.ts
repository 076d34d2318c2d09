/** The workflows of GitHub: what they run is pinned, allowed little, and there. */
import { assert, assertEquals } from "@std/assert";
import { parse } from "yaml";
import { ROOT } from "./support/project.ts";

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Record<string, unknown>;
}

interface Workflow {
  readonly on: Record<string, unknown>;
  readonly permissions: unknown;
  readonly jobs: Record<string, {
    readonly needs?: string;
    readonly permissions?: unknown;
    readonly "timeout-minutes"?: number;
    readonly steps: readonly Step[];
  }>;
}

const FOLDER = `${ROOT}.github/workflows/`;
const names = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).sort();
const texts = new Map(names.map((name) => [name, Deno.readTextFileSync(FOLDER + name)]));
const read = (name: string): Workflow => parse(texts.get(name)!);
const steps = names.flatMap((name) => Object.values(read(name).jobs).flatMap((job) => job.steps));

Deno.test("workflows: there is one for changes and one for publishing", () => {
  assertEquals(names, ["ci.yml", "publish.yml"]);
});

Deno.test("workflows: every action is pinned by its commit, with its version beside it", () => {
  const lines = [...texts.values()].join("\n").split("\n").filter((line) => /\buses:/.test(line));
  const loose = lines.filter((line) =>
    !/^\s+(- )?uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line)
  );
  assertEquals(loose, []);
  assertEquals(lines.length, steps.filter(({ uses }) => uses !== undefined).length);
  // One commit for each version: a line that was edited by half would differ.
  const pins = new Set(lines.map((line) => line.replace(/^\s+(- )?uses: /, "")));
  assertEquals(pins.size, new Set([...pins].map((pin) => pin.split("@")[0])).size);
});

Deno.test("workflows: they may read, and only publishing may ask for an identity", () => {
  for (const name of names) {
    const { permissions, jobs } = read(name);
    assertEquals(permissions, { contents: "read" });
    for (const [job, { permissions: own }] of Object.entries(jobs)) {
      const publishes = name === "publish.yml" && job === "publish";
      assertEquals(own, publishes ? { contents: "read", "id-token": "write" } : undefined);
    }
  }
  const kept = steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"))
    .filter((step) => step.with?.["persist-credentials"] !== false);
  assertEquals(kept, []);
});

Deno.test("workflows: nothing that others can name becomes part of a command", () => {
  assertEquals(steps.filter(({ run }) => run?.includes("${{")), []);
  assertEquals(names.filter((name) => "pull_request_target" in read(name).on), []);
  assertEquals([...texts.values()].filter((text) => text.includes("secrets.")), []);
});

Deno.test("workflows: publishing waits for the tests, and goes by tags", () => {
  const { on, jobs } = read("publish.yml");
  assertEquals(on, { push: { tags: ["v*"] } });
  assertEquals(jobs.publish?.needs, "test");
  assert(jobs.publish?.steps.at(-1)?.run === "deno publish");
});

Deno.test("workflows: they run the Deno that the project is tested with, and tasks that exist", async () => {
  const ci = await Deno.readTextFile(`${ROOT}.ci/run`);
  const version = ci.match(/^deno_version=(.+)$/m)?.[1];
  const setups = steps.filter(({ uses }) => uses?.startsWith("denoland/setup-deno@"));
  assertEquals([...new Set(setups.map((step) => step.with?.["deno-version"]))], [version]);
  const { tasks } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  const called = steps.flatMap(({ run }) => run?.match(/(?<=deno task )[\w-]+/g) ?? []);
  assertEquals(called.filter((task) => !(task in tasks)), []);
  const untimed = names.flatMap((name) => Object.values(read(name).jobs))
    .filter((job) => job["timeout-minutes"] === undefined);
  assertEquals(untimed, []);
});

/** Runs the step that compares the tag with the version. */
async function compares(tag: string): Promise<boolean> {
  const { jobs } = read("publish.yml");
  const step = jobs.publish?.steps.find(({ run }) => run?.includes("GITHUB_REF_NAME"));
  const { success } = await new Deno.Command("sh", {
    args: ["-c", step!.run!.replace("deno eval", `"${Deno.execPath()}" eval`)],
    ...{ cwd: ROOT, env: { GITHUB_REF_NAME: tag }, stdout: "null", stderr: "null" },
  }).output();
  return success;
}

Deno.test("workflows: a tag that is not the version publishes nothing", async () => {
  const { version } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  assertEquals([await compares(`v${version}`), await compares("v99.0.0")], [true, false]);
});
