/**
 * Measures what the Redis broker moves, in this one process, against a redis-server of its own:
 *
 *     deno run -A tests/broker/redis/throughput.ts [messages] [a batch] [requests at once]
 */
// deno-lint-ignore-file no-console -- a command's output is its purpose
import { Redis } from "ioredis";
import type { Delivery, PushMessage } from "../../../src/broker/broker.ts";
import {
  ioredisClient,
  type RedisBroker,
  redisBroker,
  type RedisBrokerOptions,
} from "../../../src/broker/redis/mod.ts";
import { randomId } from "../../../src/message/id.ts";
import { gateway } from "../../../src/gateway/mod.ts";
import { startRedisServer } from "../../support/redis_server.ts";

const [messages = 100_000, batch = 100, atOnce = 4] = Deno.args.map(Number);
const ROUNDS = 3;
/** As the head of an envelope is, for a task with a schedule of three retries. */
const HEAD = '{"v":1,"t":"email.welcome","b":[60000,300000,900000],"o":30000,"r":3600000,"c":5}\n';

function makeMessage(i: number): PushMessage {
  const body = HEAD + JSON.stringify({ i, email: "a@example.com" });
  const line = { queue: "default", priority: "normal" as const };
  return { ...line, id: randomId(), nonce: "-", delayMs: 0, expiresInMs: 0, body };
}

/** Runs an act at once in as many places as asked, and gives messages a second. */
async function rate(act: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: atOnce }, act));
  return Math.round(messages / (performance.now() - startedAt) * 1_000);
}

function pushAll(broker: RedisBroker): Promise<number> {
  const all = Array.from({ length: messages }, (_, i) => makeMessage(i));
  let next = 0;
  return rate(async () => {
    while (next < messages) {
      next += batch;
      await broker.push(all.slice(next - batch, next));
    }
  });
}

const succeed = ({ id, queue, priority, claim, token }: Delivery) => ({
  ...{ id, queue, priority, claim, token },
  ...{ outcome: "succeeded" as const, retainMs: 0, result: '{"messageId":"m"}' },
});

/** Settles what it got and claims the next in one request. */
function processAll(broker: RedisBroker): Promise<number> {
  return rate(async () => {
    const request = { channel: randomId(), worker: "w", leaseMs: 30_000, extend: [], trim: 0 };
    const claim = { queues: ["default"], max: batch };
    let held: readonly Delivery[] = [];
    for (let seq = 1;; seq++) {
      const settle = held.map(succeed);
      const reply = await broker.exchange({ ...request, seq, settle, claim, sweep: false });
      held = reply.claimed;
      if (held.length === 0) return;
    }
  });
}

async function usedBytes(redis: Redis): Promise<number> {
  return Number((await redis.info("memory")).match(/used_memory:(\d+)/)![1]);
}

await using server = await startRedisServer();
const redis = new Redis(server.url);
const face = gateway({ redis: server.url, token: "token" });
const http = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, face.fetch);
const ways: Record<string, RedisBrokerOptions> = {
  HTTP: { url: `http://127.0.0.1:${http.addr.port}`, token: "token" },
  TCP: { client: ioredisClient(redis) },
};
console.log(`${messages} messages, ${batch} a batch, ${atOnce} requests at once`);
for (let round = 1; round <= ROUNDS; round++) {
  for (const [way, options] of Object.entries(ways)) {
    await redis.flushall();
    const before = await usedBytes(redis);
    const broker = redisBroker(options);
    const pushed = await pushAll(broker);
    const bytes = Math.round((await usedBytes(redis) - before) / messages);
    const processed = await processAll(broker);
    console.log(
      `${way}: push ${pushed}/s, process ${processed}/s, ${bytes} bytes a waiting message`,
    );
  }
}
await redis.quit();
await http.shutdown();
await face.close();
