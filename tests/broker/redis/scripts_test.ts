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
  cancel: "1b785fd1efbe02086eb6353cc3e5609867a9d991",
  check_lines: "7a0ce13e60049a4364e9d8d795eb0a6ae4c3ebf7",
  check_messages: "cacdd8bae178acac4928984285d3529bcb282a1d",
  check_rest: "7223ad8044e0084728ec8aae22463a692ccff517",
  check_scan: "80113ac4451512b3dd6b2cd6cd3d2e33f05b3d20",
  dead: "5327547d0634f19674266731e238dde4a965fae6",
  discard: "b3693bae13a224a0257df8e77606def641d6b951",
  exchange: "258447754810f246015d8d299a54a0bd28632af9",
  lines: "8b9c725df2d49213af539903dc7bd189eb01f0a9",
  mend_lines: "7dc09ac5bc1c4f04c6058a63d4caf1598dc7f05e",
  mend_messages: "fca98e7a838e2637f39fbe6fe53dd746dba2f3b3",
  mend_rest: "9877111606c4832e2676146c11dd9e4f4ac94e42",
  probe: "9c73a7eeff407478b052ad8aff77810fff1719cc",
  push: "c9402f5f9ea39ad6aaeb350b4fabc8e10c7cd88d",
  read: "e5ab97257f02f934406ab74b121b72ca5f45f740",
  redrive: "bbc185801550c71b85d06d3b1cdd826bd32fde4e",
  stats: "1a77687cc0d5fd355833fed3787ee005464a8c7a",
};

/** All that scripts may use: known since Redis 7.0, and what they do is one key's affair. */
const COMMANDS = new Set(
  ("TIME GET SET HMGET HSET HDEL HSCAN ZADD ZREM ZRANGE ZCARD ZCOUNT ZSCAN ZMSCORE SADD SREM " +
    "SMEMBERS SMISMEMBER").split(" "),
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
