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
  cancel: "c4ec737d8262e3be34ab3d27954b5331321b645f",
  check_lines: "fc7cd682fda37cecc8be03e89898c0d0358fc748",
  check_messages: "62d532f79f6e34a9f9e380e356f8ee2cc353833f",
  check_rest: "a3baecaf99abe786336ad2386a01b3eab8989fab",
  check_scan: "ff7269119c774f8c42a1499166929bdef6410612",
  dead: "70cb42227fa2cbd42ecd0d603d01dee7b08a6dc3",
  discard: "06be3159d54770049cc59482c7637494c80d3dc7",
  exchange: "e59ff53ebd26559cb6534b7e2e956d00f6d34de1",
  lines: "b41f61294454a0e60cbeb36179a63fafd0cf52f1",
  mend_lines: "4fb31242f68950eedf07b53a891045573498428a",
  mend_messages: "33b1db58a09ca345b222cbc1a2a36442da04a0c3",
  mend_rest: "ae5ddcca241d7420cf5cf5ef2c41bce109251afc",
  probe: "4df13394ecdc365fe1fa4e5e95621f5a7b77269a",
  push: "d684dd52ed7666f3e44c1c6d89d6a7656f0ce9d3",
  read: "05a228159a562300b028e92d5d6eb65f7455d678",
  redrive: "becaf1d8a6d5f7f2f282bacdfe9727522df5c80b",
  stats: "790d0792f03adc61facd1bdc0af7b6bf2ff7c3e8",
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
