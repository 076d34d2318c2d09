/**
 * Runs the reliability rig and prints its table: `deno task chaos`, or `deno task chaos --short`.
 *
 * Each check runs in a process of its own, so that what one breaks no other one notices.
 */
// deno-lint-ignore-file no-console -- a command's output is its purpose
import { parseArgs } from "node:util";
import { bringRedis } from "../support/redis_binary.ts";
import { decideSetup } from "../support/project.ts";
import { runForRows } from "../support/row_process.ts";
import { type Row, table } from "./report.ts";

const HELP = `Breaks the system in every way the scorecard names, and tells what came of it.

  --short        about a tenth of the size, within minutes
  --only R1,R2   only these checks
  --seed N       repeat the random choices of an earlier run
  --json FILE    also write the table as JSON
  --list         name the checks
  --help         this text`;

const FOLDER = new URL("checks/", import.meta.url);
const LIMIT_MS = { short: 4 * 60_000, full: 20 * 60_000 };

interface Settings {
  readonly full: boolean;
  readonly seed: number;
  readonly only: readonly string[];
  readonly json: string | undefined;
}

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) {
    console.log(HELP);
    return 0;
  }
  const all = await findChecks();
  if (args.includes("--list")) {
    console.log(all.map(({ id, file }) => `${id}  ${file}`).join("\n"));
    return 0;
  }
  let settings: Settings;
  let chosen: Found[];
  try {
    settings = readSettings(args);
    chosen = choose(all, settings.only);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\nTry --help`);
    return 1;
  }
  const setup = await decideSetup();
  await bringRedis(console.log);
  console.log(`${chosen.length} checks, seed ${settings.seed}`);
  const rows: Row[] = [];
  for (const found of chosen) {
    const startedAt = performance.now();
    const row = await runCheck(found, settings, setup.args);
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    console.log(`${row.met ? "ok  " : "MISS"} ${row.check}: ${row.figure} (${seconds} s)`);
    rows.push(row);
  }
  console.log(`\n${table(rows)}\n`);
  if (settings.json !== undefined) {
    await Deno.writeTextFile(settings.json, JSON.stringify(rows, null, 2) + "\n");
  }
  const met = rows.filter((row) => row.met).length;
  console.log(`${met} of ${rows.length} goals met, seed ${settings.seed}`);
  return met === rows.length ? 0 : 1;
}

function readSettings(args: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      short: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      seed: { type: "string" },
      json: { type: "string" },
    },
  });
  const seed = values.seed === undefined ? Date.now() % 1_000_000_000 : Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`Cannot use seed "${values.seed}": it must be a whole number`);
  }
  const only = values.only.split(",").map((id) => id.trim().toUpperCase()).filter((id) => id);
  return { full: !values.short, seed, only, json: values.json };
}

interface Found {
  readonly id: string;
  readonly file: string;
}

/** The checks, in the order of the scorecard; `r01_worker_kill.ts` is R1. */
async function findChecks(): Promise<Found[]> {
  const files: string[] = [];
  for await (const { name } of Deno.readDir(FOLDER)) if (/^[a-z]\d+_/.test(name)) files.push(name);
  return files.toSorted().map((file) => {
    const [, letter, number] = /^([a-z])(\d+)_/.exec(file)!;
    return { id: letter!.toUpperCase() + Number(number), file };
  });
}

function choose(all: readonly Found[], only: readonly string[]): Found[] {
  const unknown = only.filter((id) => !all.some((found) => found.id === id));
  if (unknown.length > 0) {
    throw new RangeError(`There is no check ${unknown.join(", ")}: see --list`);
  }
  return all.filter(({ id }) => only.length === 0 || only.includes(id));
}

async function runCheck(found: Found, settings: Settings, config: readonly string[]): Promise<Row> {
  const { full, seed } = settings;
  const order = JSON.stringify({ file: found.file, full, seed });
  const { rows, succeeded, ended } = await runForRows<Row>(
    [...config, "tests/chaos/run_one.ts", order],
    {
      limitMs: full ? LIMIT_MS.full : LIMIT_MS.short,
      say: (line) => console.log(`     ${line}`),
    },
  );
  const { check = found.id, figure = "", goal = "", met = false } = rows.at(-1) ?? {};
  if (!succeeded || figure === "") return { check, figure: ended, goal, met: false, seed };
  return { check, figure, goal, met, seed };
}
