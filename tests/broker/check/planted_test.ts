/** Damage, done on purpose: all of it is found, and mended so that nothing is lost. */

import { assert, assertEquals } from "@std/assert";
import type { Broker, Finding } from "../../../src/broker/broker.ts";
import { Random } from "../contract/random.ts";
import { furnish, idsOf, STATES } from "./furnish.ts";
import { openRedisGround, openSqliteGround, type Plant, type RedisGround } from "./ground.ts";
import { checkAll } from "./pages.ts";
import { REDIS_PLANTS } from "./redis_plants.ts";
import { SQLITE_PLANTS } from "./sqlite_plants.ts";

const COUNT = 3;
const ALL = STATES.flatMap((state) => idsOf(state, COUNT));

/** Everything that a namespace holds, for comparing. */
async function contentsOf({ redis, key }: RedisGround): Promise<unknown> {
  const keys = (await redis.keys(key("*"))).sort();
  return await Promise.all(keys.map(async (name) => [name, await redis.dump(name)]));
}

interface Site<Store> {
  readonly broker: Broker;
  readonly store: Store;
  /** Gives something that changes with every write of the broker. */
  readonly look: () => Promise<unknown>;
  /** Gives all texts in which a body may be. */
  readonly texts: () => Promise<readonly string[]>;
}

/** Plants one damage, and sees it found, mended, and gone, with every body there still. */
async function assertFound<Store>(
  { broker, store, look, texts }: Site<Store>,
  plant: Plant<Store>,
  seed: number,
): Promise<void> {
  const random = new Random(seed);
  const spade = { draw: () => random.below(1_000_000) / 1_000_000, count: COUNT };
  const before = await seenOf(broker);
  const id = await plant.plant(store, spade);
  const planted = await look();
  const bodies = bodiesIn(await texts());
  const matches = (one: Finding) => one.id === id && one.problem === plant.problem;
  const { findings } = await checkAll(broker);
  assertEquals(await look(), planted, "a check without repair writes nothing");
  const found = findings.find(matches);
  assert(found, `${id} is ${plant.problem}; found: ${JSON.stringify(findings)}`);
  assert(!found.repaired);
  const mended = (await checkAll(broker, true)).findings;
  assertEquals(mended.some(matches), true, JSON.stringify(mended));
  assertEquals(mended.find(matches)!.repaired, !plant.byHand, found.detail);
  const left = (await checkAll(broker, true)).findings.filter(({ repaired }) => repaired);
  assertEquals(left, [], `after ${JSON.stringify(mended)}`);
  assertEquals(bodiesIn(await texts()), bodies, "no body is destroyed");
  const after = await seenOf(broker);
  const changed = ALL.filter((one) => after.get(one) !== before.get(one));
  // Where only its body was left, what was damaged has another name now.
  assert(changed.length <= 1 && changed.every((one) => one === id || !ALL.includes(id)), id);
}

/** What can be seen of each message. */
async function seenOf(broker: Broker): Promise<ReadonlyMap<string, string>> {
  const records = await broker.read(ALL);
  return new Map(ALL.map((id, i) => [id, `${records[i]?.state} ${records[i]?.body}`]));
}

function bodiesIn(texts: readonly string[]): string[] {
  return texts.flatMap((text) => text.match(/body of \w+/g) ?? []).sort();
}

for (const [name, plant] of Object.entries(REDIS_PLANTS)) {
  Deno.test(`RedisBroker.check() finds and mends: ${name}`, async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      await using ground = await openRedisGround();
      await furnish(ground.broker, COUNT);
      assertEquals((await checkAll(ground.broker)).findings, []);
      const look = () => contentsOf(ground);
      const texts = () => ground.redis.hvals(ground.key("msg"));
      await assertFound({ broker: ground.broker, store: ground, look, texts }, plant, seed);
    }
  });
}

for (const [name, plant] of Object.entries(SQLITE_PLANTS)) {
  Deno.test(`SqliteBroker.check() finds and mends: ${name}`, async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      await using ground = await openSqliteGround();
      await furnish(ground.broker, COUNT);
      assertEquals((await checkAll(ground.broker)).findings, []);
      const { total } = ground.db.prepare("SELECT count(*) AS total FROM dabba_1_message").get()!;
      assertEquals(total, ALL.length);
      const look = () => Promise.resolve(ground.db.prepare("PRAGMA data_version").get());
      const bodies = ground.db.prepare("SELECT body FROM dabba_1_body");
      const texts = () => Promise.resolve(bodies.all().map(({ body }) => String(body)));
      const { broker, db: store } = ground;
      await assertFound({ broker, store, look, texts }, plant, seed);
    }
  });
}
