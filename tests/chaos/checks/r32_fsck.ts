import type { Broker, Finding } from "../../../src/broker/broker.ts";
import { furnish, STATES } from "../../broker/check/furnish.ts";
import { openRedisGround, openSqliteGround, type Plant } from "../../broker/check/ground.ts";
import { REDIS_PLANTS } from "../../broker/check/redis_plants.ts";
import { SQLITE_PLANTS } from "../../broker/check/sqlite_plants.ts";
import { Side } from "../../broker/contract/commands.ts";
import { Generator } from "../../broker/contract/generator.ts";
import type { OpenHarness } from "../../broker/contract/harness.ts";
import { playStep } from "../../broker/contract/play.ts";
import { Random } from "../../broker/contract/random.ts";
import { openHttp } from "../../broker/redis/harness.ts";
import { openFile } from "../../broker/sqlite/harness.ts";
import { type Check, fsck, randomOf, type Scale } from "../check.ts";

const PLANTED = 50;

/** Is a store of one kind, with the ways to damage it. */
interface Site<Store> extends AsyncDisposable {
  readonly broker: Broker;
  readonly store: Store;
  readonly plants: readonly Plant<Store>[];
}

/** What came of planting so many. */
interface Tally {
  planted: number;
  kinds: number;
  found: number;
  mended: number;
  byHand: number;
  left: number;
}

export const check: Check = {
  id: "R32",
  title: "the check of the store itself, with damage planted on purpose",
  goal: "50 of 50 found, each mended or told how, nothing left; nothing found in sound stores",
  async run(scale) {
    const redis = await play(scale, openRedis, openHttp);
    scale.say(`redis: ${tell(redis)}`);
    const sqlite = await play(scale, openSqlite, openFile);
    return {
      figure: `redis: ${tell(redis)}; sqlite: ${tell(sqlite)}`,
      met: [redis, sqlite].every(isMet),
    };
  },
};

async function openRedis() {
  const ground = await openRedisGround();
  return {
    broker: ground.broker,
    store: ground,
    plants: Object.values(REDIS_PLANTS),
    [Symbol.asyncDispose]: () => ground[Symbol.asyncDispose](),
  };
}

async function openSqlite() {
  const ground = await openSqliteGround();
  return {
    broker: ground.broker,
    store: ground.db,
    plants: Object.values(SQLITE_PLANTS),
    [Symbol.asyncDispose]: () => ground[Symbol.asyncDispose](),
  };
}

interface Played {
  readonly single: Tally;
  readonly many: Tally;
  /** Findings in stores that nobody has damaged. */
  readonly false: number;
  readonly commands: number;
  readonly messages: number;
  readonly seconds: number;
}

async function play<Store>(
  scale: Scale,
  open: () => Promise<Site<Store>>,
  harness: OpenHarness,
): Promise<Played> {
  const commands = scale.full ? 4_000 : 400;
  let wrong = await afterCommands(harness, { seed: scale.seed, commands });
  const single = tally();
  for (let i = 0; i < PLANTED; i++) {
    await using small = await open();
    await furnish(small.broker, 5);
    single.kinds = Math.min(PLANTED, small.plants.length);
    await plantOne(small, single, { scale, i });
  }
  await using large = await open();
  const count = (scale.full ? 100_000 : 4_000) / STATES.length;
  await furnish(large.broker, count);
  const startedAt = performance.now();
  wrong += (await fsck(large.broker)).length;
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  const many = await plantMany(large, count, scale.seed);
  return { single, many, false: wrong, commands, messages: count * STATES.length, seconds };
}

/** Looks at a store after each ten of many random commands. */
async function afterCommands(
  open: OpenHarness,
  { seed, commands }: { readonly seed: number; readonly commands: number },
): Promise<number> {
  const harness = await open();
  try {
    const generator = new Generator(new Random(seed));
    const side = new Side(harness);
    let findings = 0;
    for (let step = 1; step <= commands; step++) {
      await playStep(generator, side);
      if (step % 10 === 0) findings += (await fsck(harness.broker)).length;
    }
    return findings;
  } finally {
    await harness.close();
  }
}

function tally(): Tally {
  return { planted: 0, kinds: 0, found: 0, mended: 0, byHand: 0, left: 0 };
}

/** One damage in a store that was sound, each kind in turn. */
async function plantOne<Store>(
  { broker, store, plants }: Site<Store>,
  sum: Tally,
  { scale, i }: { readonly scale: Scale; readonly i: number },
): Promise<void> {
  const plant = plants[i % plants.length]!;
  const spade = { draw: randomOf(scale.seed * 1_000 + i), count: 5 };
  const before = (await fsck(broker)).length;
  const id = await plant.plant(store, spade);
  const name = nameOf({ id, problem: plant.problem });
  sum.planted++;
  const found = (await fsck(broker)).map(nameOf);
  if (found.includes(name) && before === 0) sum.found++;
  else scale.say(`not found: ${name}, but ${found}`);
  const mended = (await fsck(broker, true)).filter((one) => nameOf(one) === name);
  if (plant.byHand && mended.some(isTold)) sum.byHand++;
  else if (mended.some(({ repaired }) => repaired)) sum.mended++;
  sum.left += (await fsck(broker)).filter((one) => !isTold(one)).length;
}

/** Many at once, among many messages. */
async function plantMany<Store>(
  { broker, store, plants }: Site<Store>,
  count: number,
  seed: number,
): Promise<Tally> {
  const sum = tally();
  const kinds = plants.filter((plant) => !plant.alone);
  const draw = randomOf(seed);
  const wanted = new Set<string>();
  for (let i = 0; i < PLANTED; i++) {
    const plant = kinds[i % kinds.length]!;
    wanted.add(nameOf({ id: await plant.plant(store, { draw, count }), problem: plant.problem }));
  }
  sum.planted = wanted.size;
  sum.kinds = kinds.length;
  const isWanted = (one: Finding) => wanted.has(nameOf(one));
  sum.found = new Set((await fsck(broker)).filter(isWanted).map(nameOf)).size;
  const mended = (await fsck(broker, true)).filter(({ repaired }) => repaired);
  sum.mended = new Set(mended.filter(isWanted).map(nameOf)).size;
  sum.left = (await fsck(broker)).length;
  return sum;
}

function nameOf({ id, problem }: Pick<Finding, "id" | "problem">): string {
  return `${id} ${problem}`;
}

/** What a check cannot mend, it says how to. */
function isTold({ repaired, detail }: Finding): boolean {
  return !repaired && /by hand: \S+/.test(detail);
}

function isMet({ single, many, ...rest }: Played): boolean {
  const all = (sum: Tally) =>
    sum.found === sum.planted && sum.mended + sum.byHand === sum.planted && sum.left === 0;
  return single.planted === PLANTED && all(single) && all(many) && rest.false === 0;
}

function tell({ single, many, ...rest }: Played): string {
  const words = ({ planted, kinds, found, mended, byHand, left }: Tally) =>
    `${found} of ${planted} found (${kinds} kinds), ${mended} mended, ${byHand} told how, ` +
    `${left} left`;
  return `one by one ${words(single)}; at once among ${rest.messages} messages ${words(many)}; ` +
    `${rest.false} findings in sound stores, of ${rest.messages} messages in ${rest.seconds} s ` +
    `and after ${rest.commands} random commands`;
}
