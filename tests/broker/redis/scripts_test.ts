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
  cancel: "2be0f4560b8c06a36c4b67509e446f79f69195ea",
  check_lines: "79e68528479ad28b404066eb101be84bd06efcdd",
  check_messages: "4af0f141c98549d78d3c28e9250e558f7f3e2768",
  check_rest: "a3baecaf99abe786336ad2386a01b3eab8989fab",
  check_scan: "ff7269119c774f8c42a1499166929bdef6410612",
  dead: "70cb42227fa2cbd42ecd0d603d01dee7b08a6dc3",
  discard: "cb3b9512d71520bac9a0a3b0104c2e126ac653be",
  exchange: "b1859f2166c69461bb2e30c6f98a911d8f524f00",
  lines: "b41f61294454a0e60cbeb36179a63fafd0cf52f1",
  mend_lines: "c4be5839750328a0bef1a62eaafa54cb9fad3068",
  mend_messages: "0872680d9d3bb93a44e31570df30080884b0533a",
  mend_rest: "ae5ddcca241d7420cf5cf5ef2c41bce109251afc",
  probe: "ce027ea630f80509ccf7ece480e2cbba3252d99a",
  push: "19dc40a3f5e04da6fce542f023f7e7648b92e818",
  read: "a0113ab21b3335312955f266b66cba6d688a6a54",
  redrive: "03c4ff8b3213fd963f15bc2d7be02d6985c236d2",
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
