import { Redis } from "ioredis";
import type { Broker } from "../../../src/broker/broker.ts";
import { DEFAULT_DEAD_LETTERS, isWithin } from "../../../src/broker/dead_bounds.ts";
import { ioredisClient, RedisBroker, type RedisClient } from "../../../src/broker/redis/mod.ts";
import { sqliteBroker } from "../../../src/broker/sqlite/mod.ts";
import { Dabba } from "../../../src/dabba.ts";
import { RejectError } from "../../../src/errors.ts";
import { defineTask } from "../../../src/task.ts";
import { startRedisServer } from "../../support/redis_server.ts";
import { type Check, fsck, randomOf, type Scale } from "../check.ts";
import { passing } from "../jobs.ts";

const MIB = 2 ** 20;
/** One letter in so many died of an error text of 1 MB. */
const LONG_EVERY = 20;
const LONG = "x".repeat(1_000_000);
const STORED_LIMIT = 8_000;
const WAVE = 1_000;
const WORKERS = 2;
/** One request in so many is sent twice, and one in so many has its reply lost. */
const FAULTY_EVERY = 20;

const hopeless = defineTask("hopeless", { input: passing<number>() }, (n) => {
  throw new RejectError(n % LONG_EVERY === 0 ? LONG : `no ${n}`);
});

interface Site extends AsyncDisposable {
  readonly broker: Broker;
  /** Moves the store's clock. */
  advance(ms: number): void;
  /** Says what the store takes up. */
  size(): Promise<string>;
}

interface Tally {
  readonly figure: string;
  readonly met: boolean;
}

export const check: Check = {
  id: "R30",
  title: "more dead letters than a store keeps",
  goal:
    "within the bounds (full form: the default ones), the newest kept, each dropped one named " +
    "once, one alarm at 80 %, each history ≤ 8,000 bytes, counts and bytes exact, the store sound",
  async run(scale) {
    const redis = await play(scale, await openRedis(scale));
    scale.say(`redis: ${redis.figure}`);
    const sqlite = await play(scale, await openSqlite(scale));
    return {
      figure: `redis: ${redis.figure}; sqlite: ${sqlite.figure}`,
      met: redis.met && sqlite.met,
    };
  },
};

function boundsOf({ full }: Scale) {
  return full ? DEFAULT_DEAD_LETTERS : { count: 2_000, bytes: 64 * MIB };
}

async function openRedis(scale: Scale): Promise<Site> {
  const server = await startRedisServer({ config: { save: "" } });
  const redis = new Redis(server.port, "127.0.0.1");
  let aheadMs = 0;
  const client = faulty(ioredisClient(redis), randomOf(scale.seed));
  const clock = () => Date.now() + aheadMs;
  const broker = new RedisBroker({ client, clock, deadLetters: boundsOf(scale) });
  return {
    broker,
    advance: (ms) => void (aheadMs += ms),
    size: async () => {
      const used = (await redis.info("memory")).match(/^used_memory:(\d+)/m)?.[1];
      return `used_memory ${(Number(used) / MIB).toFixed(1)} MiB`;
    },
    [Symbol.asyncDispose]: async () => {
      await broker.close();
      redis.disconnect();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Has some requests executed twice, and the replies of some lost. */
function faulty(client: RedisClient, random: () => number): RedisClient {
  const again = async (run: () => Promise<unknown>) => {
    const reply = await run();
    const drawn = Math.floor(random() * FAULTY_EVERY);
    if (drawn === 0) return await run();
    if (drawn === 1) throw Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
    return reply;
  };
  return {
    ...client,
    evalsha: (...args) => again(() => client.evalsha(...args)),
    eval: (...args) => again(() => client.eval(...args)),
  };
}

async function openSqlite(scale: Scale): Promise<Site> {
  const folder = await Deno.makeTempDir({ prefix: "dabba-chaos-" });
  const path = `${folder}/dabba.db`;
  let aheadMs = 0;
  const clock = () => Date.now() + aheadMs;
  const broker = sqliteBroker({ path, clock, deadLetters: boundsOf(scale) });
  return {
    broker,
    advance: (ms) => void (aheadMs += ms),
    size: async () => `file ${((await Deno.stat(path)).size / MIB).toFixed(1)} MiB`,
    [Symbol.asyncDispose]: async () => {
      await broker.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function play(scale: Scale, opened: Site): Promise<Tally> {
  await using site = opened;
  const { broker } = site;
  const dabba = new Dabba({ broker, tasks: { hopeless } });
  const dropped: string[] = [];
  let [alarms, died] = [0, 0];
  dabba.on("deadDropped", ({ ids }) => void dropped.push(...ids));
  dabba.on("deadNearlyFull", () => void alarms++);
  dabba.on("dead", () => void died++);
  const ids = await bury(dabba, scale.full ? 120_000 : 5_000);
  const peak = await site.size();
  const before = (await lookAtAll(broker)).ids;
  const warned = (await dabba.inspect.doctor()).some(({ text }) => /dead letters/.test(text));
  site.advance(61_000);
  await tidy(dabba);
  const { dead, deadBytes } = await broker.stats();
  const seen = await lookAtAll(broker);
  const [kept, named] = [new Set(seen.ids), new Set(dropped)];
  const wrong = ids.filter((id) => kept.has(id) === named.has(id)).length +
    dropped.length - named.size;
  const older = seen.ids.filter((id, i) => id !== before[i]).length;
  const exact = dead === seen.ids.length && deadBytes === seen.bytes &&
    await staysExact(dabba, broker);
  const findings = (await fsck(broker)).length;
  const figure = `${died} died, ${dead} kept of ${deadBytes} bytes, ${named.size} dropped, ` +
    `${wrong} of them wrongly named, ${older} kept though older, ` +
    `${alarms} alarm${alarms === 1 ? "" : "s"}, ` +
    `longest history ${seen.longest} B, counts ${exact ? "exact" : "WRONG"}, ` +
    `${findings} findings, ${peak} full, ${await site.size()} after`;
  const met = died >= ids.length && isWithin({ count: dead, bytes: deadBytes }, boundsOf(scale)) &&
    named.size > 0 && wrong + older + findings === 0 && alarms === 1 && warned &&
    exact && seen.longest <= STORED_LIMIT;
  return { figure, met };
}

/** Has so many messages die, on two workers; gives their ids. */
async function bury(dabba: Dabba<{ hopeless: typeof hopeless }>, count: number): Promise<string[]> {
  const ids: string[] = [];
  const stop = new AbortController();
  const running = Array.from(
    { length: WORKERS },
    () => dabba.worker({ concurrency: 250, signals: false }).run({ signal: stop.signal }),
  );
  let dead = 0;
  let more = () => {};
  dabba.on("dead", () => {
    dead++;
    more();
  });
  for (let from = 0; from < count; from += WAVE) {
    const inputs = Array.from({ length: Math.min(WAVE, count - from) }, (_, i) => from + i);
    const receipts = await dabba.tasks.hopeless.enqueueMany(inputs);
    ids.push(...receipts.map(({ id }) => id));
    while (dead < from) await new Promise<void>((resolve) => more = resolve);
  }
  while (dead < count) await new Promise<void>((resolve) => more = resolve);
  stop.abort();
  await Promise.all(running);
  return ids;
}

/** Leaves a worker idle until it drops no more. */
async function tidy(dabba: Dabba<{ hopeless: typeof hopeless }>): Promise<void> {
  const stop = new AbortController();
  const running = dabba.worker({ signals: false }).run({ signal: stop.signal });
  for (;;) {
    const before = (await dabba.inspect.stats()).dead;
    await new Promise<void>((resolve) => {
      const off = dabba.on("deadDropped", end);
      const late = setTimeout(end, 3_000);
      function end() {
        clearTimeout(late);
        off();
        resolve();
      }
    });
    if ((await dabba.inspect.stats()).dead === before) break;
  }
  stop.abort();
  await running;
}

/** Turns all pages: which letters there are, and what they take. */
async function lookAtAll(broker: Broker) {
  const encoder = new TextEncoder();
  const seen = { ids: [] as string[], bytes: 0, longest: 0 };
  let after: string | undefined;
  do {
    const page = await broker.dead({ limit: 500, ...(after === undefined ? {} : { after }) });
    for (const { id, body, journal } of page.letters) {
      const history = encoder.encode(journal).length;
      seen.ids.push(id);
      seen.bytes += encoder.encode(body).length + history;
      seen.longest = Math.max(seen.longest, history);
    }
    after = page.next;
  } while (after !== undefined);
  return seen;
}

/** Redrives and discards some, and counts again. */
async function staysExact(
  dabba: Dabba<{ hopeless: typeof hopeless }>,
  broker: Broker,
): Promise<boolean> {
  const { letters } = await dabba.inspect.dead({ limit: 1_000 });
  const ids = letters.map(({ id }) => id);
  const redriven = await dabba.redrive({ ids: ids.slice(0, 400) });
  const discarded = await dabba.discard({ ids: ids.slice(400) });
  const [{ dead, deadBytes }, seen] = [await broker.stats(), await lookAtAll(broker)];
  return redriven === 400 && discarded === ids.length - 400 && dead === seen.ids.length &&
    deadBytes === seen.bytes;
}
