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
  cancel: "5145be9badd3009307fd57f3164ca01763ce3e6f",
  check_lines: "898af29e2e26fb8066fe69161b2577a390b22524",
  check_messages: "58b93a69cdcbb3b22de35010e72e8aa3d497eb16",
  check_rest: "3174454ae595bfd013c40ced5426c5d4f16b8391",
  check_scan: "89e9121a327953a198e7163c75cf6a80ea7d9f70",
  dead: "4f3ceed74ae104ea4a1993eeaa416584d2b5bc5f",
  discard: "22ca58d1afea2a513e2fd626ad6cb00f1076ca1a",
  exchange: "b90b56379fbe6f3d6b5a729840a582206f3c75f4",
  lines: "8b9c725df2d49213af539903dc7bd189eb01f0a9",
  mend_lines: "954bb5886affd68bb74f597f56a876dc62588ed0",
  mend_messages: "64d236ff7eac69186349b326d4c493a803b21834",
  mend_rest: "3add398c57b12fc678c5241fb8ffe3be29019990",
  probe: "95e560aef4ec366459bc1dee81b56093f3fac52f",
  push: "9e60b00fcf4fb6575e5f3c3371cb53931228041b",
  read: "698a055be1410cf0692b50f3672477831fea19db",
  redrive: "dad634b4c6d53cb7d117bce156104fc42819a8c0",
  stats: "efa1e8df1e83e77a779e995660f8be88079e1a74",
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
