import { Redis } from "ioredis";
import { ioredisClient, RedisBroker } from "../../../src/broker/redis/mod.ts";
import { Dabba } from "../../../src/dabba.ts";
import { defineTask } from "../../../src/task.ts";
import { startRedisServer } from "../../support/redis_server.ts";
import type { Check, Scale } from "../check.ts";
import { passing } from "../jobs.ts";
import { pause } from "../store.ts";

const MIB = 2 ** 20;
const MOST_MIB = 16;
const MOST_KEYS = 100;
/** Of these, nothing is left unless it is younger than a minute. */
const LIMIT_MS = 150_000;
const LOOK_MS = 200;

interface Load {
  readonly count: number;
  readonly bytes: number;
  /** How many are enqueued at a time: Redis holds two such waves at most. */
  readonly wave: number;
}

interface Stock {
  readonly memory: number;
  readonly keys: number;
}

const store = defineTask("store", { input: passing<string>() }).handler((text) => text.length);

export const check: Check = {
  id: "R29",
  title: "what Redis keeps of many messages",
  goal: `with default settings, used_memory ends ≤ ${MOST_MIB} MiB above that of an empty Redis, ` +
    `keys ≤ ${MOST_KEYS} above`,
  async run(scale) {
    const { full } = scale;
    const small = await play(scale, {
      count: full ? 1_000_000 : 50_000,
      bytes: 1_000,
      wave: 1_000,
    });
    const large = await play(scale, { count: full ? 2_000 : 100, bytes: 1_000_000, wave: 5 });
    return { figure: `${small.figure}; ${large.figure}`, met: small.met && large.met };
  },
};

async function play(scale: Scale, load: Load): Promise<{ figure: string; met: boolean }> {
  await using server = await startRedisServer({ config: { save: "" } });
  const redis = new Redis(server.port, "127.0.0.1");
  // The short form does not wait for a minute to pass: the clock of its store is moved.
  let aheadMs = 0;
  const clock = scale.full ? {} : { clock: () => Date.now() + aheadMs };
  const broker = new RedisBroker({ client: ioredisClient(redis), ...clock });
  const before = await look(redis);
  try {
    const done = await process(broker, load);
    const peak = await look(redis);
    aheadMs = 61_000;
    const after = await settle(broker, redis, before);
    const grown = (after.memory - before.memory) / MIB;
    const figure = `${done} of ${load.bytes} B: used_memory ${mib(before)} MiB empty, ` +
      `${mib(peak)} at the end, ${mib(after)} settled, keys ${before.keys} to ${after.keys}`;
    const met = done === load.count && grown <= MOST_MIB && after.keys - before.keys <= MOST_KEYS;
    return { figure, met };
  } finally {
    await broker.close();
    redis.disconnect();
  }
}

/** Enqueues wave after wave, a worker beside it. */
async function process(broker: RedisBroker, { count, bytes, wave }: Load): Promise<number> {
  const dabba = new Dabba({ broker, tasks: { store }, payloadLimit: 2 * MIB });
  let done = 0;
  let more = () => {};
  dabba.on("succeeded", () => {
    done++;
    more();
  });
  const stop = new AbortController();
  const running = dabba.worker({ concurrency: 500, signals: false }).run({ signal: stop.signal });
  for (let sent = 0; sent < count; sent += wave) {
    const texts = Array.from({ length: wave }, () => "x".repeat(bytes));
    await dabba.tasks.store.enqueueMany(texts);
    while (done < Math.min(sent, count)) await new Promise<void>((resolve) => more = resolve);
  }
  while (done < count) await new Promise<void>((resolve) => more = resolve);
  stop.abort();
  await running;
  return done;
}

/** Leaves a worker idle until what is kept no longer shrinks to its bounds. */
async function settle(broker: RedisBroker, redis: Redis, before: Stock): Promise<Stock> {
  const dabba = new Dabba({ broker, tasks: { store } });
  const stop = new AbortController();
  const running = dabba.worker({ signals: false }).run({ signal: stop.signal });
  const endsAt = performance.now() + LIMIT_MS;
  let stock = await look(redis);
  while (performance.now() < endsAt) {
    if (stock.memory - before.memory <= MOST_MIB * MIB) break;
    await pause(LOOK_MS);
    stock = await look(redis);
  }
  stop.abort();
  await running;
  return stock;
}

async function look(redis: Redis): Promise<Stock> {
  const memory = Number((await redis.info("memory")).match(/^used_memory:(\d+)/m)?.[1]);
  return { memory, keys: await redis.dbsize() };
}

function mib({ memory }: Stock): string {
  return (memory / MIB).toFixed(1);
}
