/**
 * Measures speed and cost, and prints one table: `deno task bench`, or `deno task bench --short`.
 *
 * Each metric runs in a process of its own, so that one that fails takes no other one along.
 */
// deno-lint-ignore-file no-console -- a command's output is its purpose
import { parseArgs } from "node:util";
import { bringRedis } from "../support/redis_binary.ts";
import { runForRows } from "../support/row_process.ts";
import { type Row, unmeasured } from "./metric.ts";
import { METRICS } from "./metrics.ts";
import { table } from "./report.ts";

const HELP = `Measures speed and cost beside BullMQ, Celery and RQ, in turn on one redis-server.

  --short        within five minutes, at a part of the size
  --only NAMES   only these metrics, separated by commas
  --json FILE    also write the table as JSON: { metric, value, unit, goal, met }
  --list         name the metrics
  --help         this text

A figure is the median of its rounds, a ratio the median of the ratios of each round. Compare only
ratios of one run: machines differ, and what else they do shows in every figure.`;

const LIMIT_MS = { short: 5 * 60_000, full: 15 * 60_000 };

interface Settings {
  readonly short: boolean;
  readonly names: readonly string[];
  readonly json: string | undefined;
}

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) return say(HELP);
  if (args.includes("--list")) return say(METRICS.join("\n"));
  let settings: Settings;
  try {
    settings = readSettings(args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\nTry --help`);
    return 1;
  }
  await bringRedis(console.log);
  const rows: Row[] = [];
  let failures = 0;
  for (const name of settings.names) {
    const startedAt = performance.now();
    console.log(`\n${name}`);
    const { found, failed } = await runMetric(name, settings.short);
    rows.push(...found);
    if (failed) failures++;
    console.log(`  ${Math.round((performance.now() - startedAt) / 1_000)} s`);
    // After each one: who ends a long run keeps what it has found.
    if (settings.json !== undefined) await writeJson(settings.json, rows);
  }
  console.log(`\n${await machine()}${settings.short ? ", short" : ""}\n\n${table(rows)}\n`);
  const judged = rows.filter(({ met }) => met !== null);
  console.log(`${judged.filter(({ met }) => met).length} of ${judged.length} goals reached`);
  return failures === 0 ? 0 : 1;
}

function say(text: string): number {
  console.log(text);
  return 0;
}

function readSettings(args: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      short: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      json: { type: "string" },
    },
  });
  const only = values.only.split(",").map((name) => name.trim()).filter((name) => name);
  const unknown = only.filter((name) => !METRICS.includes(name));
  if (unknown.length > 0) {
    throw new RangeError(`There is no metric ${unknown.join(", ")}: see --list`);
  }
  const names = METRICS.filter((name) => only.length === 0 || only.includes(name));
  return { short: values.short, names, json: values.json };
}

interface Found {
  readonly found: Row[];
  readonly failed: boolean;
}

async function runMetric(name: string, short: boolean): Promise<Found> {
  const program = new URL("run_one.ts", import.meta.url).href;
  const { rows, succeeded, ended } = await runForRows<Row>(
    ["--v8-flags=--expose-gc", program, name, ...(short ? ["--short"] : [])],
    {
      limitMs: short ? LIMIT_MS.short : LIMIT_MS.full,
      say: (line) => console.log(`  ${line}`),
    },
  );
  if (!succeeded && rows.length === 0) rows.push(unmeasured(name, `failed: ${ended}`));
  return { found: rows, failed: !succeeded };
}

async function writeJson(file: string, rows: readonly Row[]): Promise<void> {
  await Deno.writeTextFile(file, JSON.stringify(rows, null, 2) + "\n");
}

/** What the figures depend on. */
async function machine(): Promise<string> {
  const redis = await new Deno.Command(Deno.env.get("DABBA_REDIS_SERVER") ?? "redis-server", {
    args: ["--version"],
  }).output();
  const version = /v=(\S+)/.exec(new TextDecoder().decode(redis.stdout))?.[1] ?? "?";
  const memory = Math.round(Deno.systemMemoryInfo().total / 2 ** 30);
  return `${new Date().toISOString().slice(0, 10)}, ${navigator.hardwareConcurrency} cores, ` +
    `${memory} GiB, ${Deno.build.os} ${Deno.build.arch}, Deno ${Deno.version.deno}, ` +
    `redis-server ${version}, load at the end ${Deno.loadavg()[0]!.toFixed(1)}`;
}
