/** C2: takes one guard after the other out of the code, and has the tests find each. */

import { dirname } from "node:path";
import { decideSetup, ROOT } from "../../support/project.ts";
import { type RedisServer, startRedisServer } from "../../support/redis_server.ts";
import { type Check, randomOf, type Scale } from "../check.ts";
import { MUTANTS } from "../mutants/all.ts";
import { type Mutant, mutate } from "../mutants/mutant.ts";

const COPIED = ["mod.ts", "src", "tests", "examples", "deno.json", "deno.lock", "README.md"];
/** So many at least; the short form draws that many. */
const LEAST = 25;
/** Tests that hang without a guard have found it, too. */
const LIMIT_MS = 90_000;
const COPIES = 2;

export const check: Check = {
  id: "C2",
  title: "mutants: each guard taken out in turn",
  goal: "the tests turn red for every one of at least 25",
  async run({ full, seed, say }: Scale) {
    const mutants = full ? MUTANTS : draw(MUTANTS, LEAST, seed);
    const bench = await Bench.open();
    try {
      const sound = await bench.soundness(mutants);
      if (sound !== undefined) return { figure: `red without a mutant: ${sound}`, met: false };
      const survivors = await bench.survivors(mutants, say);
      const found = mutants.length - survivors.length;
      const left = survivors.length === 0 ? "" : `; missed: ${survivors.join(", ")}`;
      return {
        figure: `${found} of ${mutants.length} found${left}; there are ${MUTANTS.length}`,
        met: survivors.length === 0 && mutants.length >= LEAST,
      };
    } finally {
      await bench.close();
    }
  },
};

/** Draws some of all, in a random order. */
function draw<T>(all: readonly T[], count: number, seed: number): T[] {
  const random = randomOf(seed);
  return all.map((one) => ({ one, at: random() })).toSorted((a, b) => a.at - b.at)
    .slice(0, count).map(({ one }) => one);
}

/** Copies of the project, in which the tests run. */
class Bench {
  readonly #copies: readonly string[];
  readonly #redis: RedisServer;

  private constructor(copies: readonly string[], redis: RedisServer) {
    this.#copies = copies;
    this.#redis = redis;
  }

  static async open(): Promise<Bench> {
    const copies: string[] = [];
    for (let i = 0; i < COPIES; i++) copies.push(await copyProject());
    return new Bench(copies, await startRedisServer());
  }

  async close(): Promise<void> {
    await this.#redis[Symbol.asyncDispose]();
    for (const copy of this.#copies) await Deno.remove(copy, { recursive: true });
  }

  /** Names a test that is red as things are; what it would say of mutants is worth nothing. */
  async soundness(mutants: readonly Mutant[]): Promise<string | undefined> {
    const tests = [...new Set(mutants.flatMap((mutant) => mutant.tests))];
    const red = await this.#share(tests, async (copy, test) => {
      return await this.#isGreen(copy, [test]) ? undefined : test;
    });
    return red.find((test) => test !== undefined);
  }

  /** The guards that nobody missed. */
  async survivors(mutants: readonly Mutant[], say: (text: string) => void): Promise<string[]> {
    const survivors = await this.#share(mutants, async (copy, mutant) => {
      const path = `${copy}/${mutant.file}`;
      const source = await Deno.readTextFile(path);
      await Deno.writeTextFile(path, mutate(source, mutant));
      const missed = await this.#isGreen(copy, mutant.tests);
      await Deno.writeTextFile(path, source);
      if (missed) say(`nobody missed: ${mutant.guard}`);
      return missed ? mutant.guard : undefined;
    });
    return survivors.filter((guard) => guard !== undefined);
  }

  // One copy for each at a time: a mutant must be alone in its copy.
  async #share<T, R>(all: readonly T[], work: (copy: string, one: T) => Promise<R>): Promise<R[]> {
    const results: R[] = [];
    let next = 0;
    await Promise.all(this.#copies.map(async (copy) => {
      while (next < all.length) {
        const at = next++;
        results[at] = await work(copy, all[at]!);
      }
    }));
    return results;
  }

  async #isGreen(copy: string, tests: readonly string[]): Promise<boolean> {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["test", "--no-check", "--fail-fast", "-c", `${copy}/deno.test.json`, "-A", ...tests],
      cwd: copy,
      env: { DABBA_TEST_REDIS: this.#redis.url, NO_COLOR: "1" },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const limit = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
    const { success } = await child.status;
    clearTimeout(limit);
    return success;
  }
}

async function copyProject(): Promise<string> {
  const { args } = await decideSetup();
  const copy = await Deno.makeTempDir({ prefix: "dabba-mutants-" });
  for (const name of COPIED) await copyTree(ROOT + name, `${copy}/${name}`);
  const config = JSON.parse(await Deno.readTextFile(args[1]!));
  await Deno.copyFile(ROOT + config.lock.path, `${copy}/test-lock.json`);
  config.lock = { path: "./test-lock.json" };
  await Deno.writeTextFile(`${copy}/deno.test.json`, JSON.stringify(config));
  return copy;
}

async function copyTree(from: string, to: string): Promise<void> {
  const { isDirectory } = await Deno.stat(from);
  if (!isDirectory) {
    await Deno.mkdir(dirname(to), { recursive: true });
    return await Deno.copyFile(from, to);
  }
  for await (const { name } of Deno.readDir(from)) {
    await copyTree(`${from}/${name}`, `${to}/${name}`);
  }
}
