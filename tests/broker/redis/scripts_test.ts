import { assert, assertEquals, assertNotMatch } from "@std/assert";
import { sha1 } from "../../../src/broker/redis/runner.ts";
import { SCRIPTS } from "../../../src/broker/redis/scripts/all.ts";
import { checkAll } from "../check/pages.ts";
import { Side } from "../contract/commands.ts";
import { Generator } from "../contract/generator.ts";
import { playStep } from "../contract/play.ts";
import { Random } from "../contract/random.ts";
import { openRig } from "./rig.ts";

/** A script that changed by accident shows here; one that changed on purpose is pinned anew. */
const HASHES: Readonly<Record<string, string>> = {
  cancel: "3d0cb800589b541928d3cf5927a34597094fa7da",
  check_lines: "0600176739c74bbe5a374bbc3796a59b1e8feb5b",
  check_messages: "3273978a694fa661df0b4837b49cc828efe773d7",
  check_rest: "3f7698fff146217af8d48eba1cdcbd84408c0e74",
  check_scan: "9c73d90174eb8f23e88167878ed259aabf9e5d14",
  dead: "5327547d0634f19674266731e238dde4a965fae6",
  discard: "3195883626a953317f4421823cb260185cba7680",
  exchange: "8de8d2f1677a45675641e684217e3a6f0525c8c0",
  lines: "8b9c725df2d49213af539903dc7bd189eb01f0a9",
  mend_lines: "cd687310c9c87b9c0301e2f6f1e837f3a2d46b6b",
  mend_messages: "c68d21bdc2fc82cf478272ff6bf9c91c4cc3526a",
  mend_rest: "01b88196e7ce152eb1b865d54aa2d18d0b120657",
  probe: "9c73a7eeff407478b052ad8aff77810fff1719cc",
  push: "06f0bb4e7932eaf831f89d7bdd5959e692797f3e",
  read: "e2e3f3753544a0f0af6d6f0d3028c4ab2af935ba",
  redrive: "17b28c751602038971df6082df18515ea9d57eae",
  stats: "e9785481da5c7bbccb835bea810b39f71956061a",
};

/** All that scripts may use: known since Redis 7.0, and what they do is one key's affair. */
const COMMANDS = new Set(
  ("TIME GET SET HMGET HSET HDEL HSCAN ZADD ZREM ZRANGE ZCARD ZCOUNT ZSCAN ZMSCORE SADD SREM " +
    "SMEMBERS SMISMEMBER PUBLISH").split(" "),
);

Deno.test("scripts have the hashes that are pinned", async () => {
  const hashes = await Promise.all(
    SCRIPTS.map(async ({ name, source }) => [name, await sha1(source)] as const),
  );
  assertEquals(Object.fromEntries(hashes), HASHES);
});

Deno.test("scripts neither read nor write JSON, and print no number by themselves", () => {
  for (const { name, source } of SCRIPTS) {
    assertNotMatch(source, /cjson|cmsgpack|tostring/, name);
  }
});

interface Run {
  readonly keys: ReadonlySet<string>;
  readonly commands: string[][];
}

/** Groups what MONITOR shows by script; a script comes before its commands. */
function groupRuns(seen: readonly (readonly [string, string[]])[]): Run[] {
  const runs: Run[] = [];
  for (const [source, [name, ...args]] of seen) {
    if (source === "lua") runs.at(-1)?.commands.push([name!.toUpperCase(), ...args]);
    else if (/^eval(sha)?$/i.test(name!)) {
      runs.push({ keys: new Set(args.slice(2, 2 + Number(args[1]))), commands: [] });
    }
  }
  return runs;
}

Deno.test("scripts touch no key that they have not declared, and only known commands", async () => {
  await using rig = await openRig({ ownServer: true });
  const watcher = await rig.server.redis.monitor();
  const seen: [string, string[]][] = [];
  watcher.on("monitor", (_time: string, args: string[], source: string) => {
    seen.push([source, args]);
  });
  const generator = new Generator(new Random(42));
  const side = new Side(rig.harness);
  for (let step = 0; step < 400; step++) {
    await playStep(generator, side);
    if (step % 20 > 0) continue;
    await side.look(generator.ids);
    await checkAll(rig.broker, step % 40 === 0);
  }
  // What is seen comes late, but in order.
  const end = new Promise((resolve) =>
    watcher.on("monitor", (_time: string, [name]: string[]) => name === "echo" && resolve(0))
  );
  await rig.server.redis.echo("end");
  await end;
  watcher.disconnect();
  const runs = groupRuns(seen);
  const wrong = runs.flatMap(({ keys, commands }) =>
    commands.filter(([name, key]) => name !== "TIME" && !keys.has(key!) || !COMMANDS.has(name!))
  );
  assertEquals(wrong, []);
  const used = new Set(runs.flatMap(({ commands }) => commands.map(([name]) => name!)));
  assert(runs.length > 400);
  assertEquals([...COMMANDS].filter((name) => name !== "TIME" && !used.has(name)), []);
});
