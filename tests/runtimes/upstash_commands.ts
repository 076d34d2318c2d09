/**
 * What the client of Upstash is asked, and what it must answer, whatever runtime it is on: one file,
 * run as it is by all of them, so it may use nothing but the web's own APIs.
 */
import type { Redis } from "@upstash/redis";

/** A command, and what its answer is to be. */
export type Asked = readonly [name: string, answer: unknown, expected: unknown];

/** Asks for commands of every kind, one after the other. */
export async function* askAll(redis: Redis, prefix: string): AsyncGenerator<Asked> {
  const key = (name: string) => `${prefix}:${name}`;
  yield* askStrings(redis, key);
  yield* askCollections(redis, key);
  yield* askScripts(redis, key);
  yield* askBatches(redis, key);
}

type Key = (name: string) => string;

async function* askStrings(redis: Redis, key: Key): AsyncGenerator<Asked> {
  yield ["ping", await redis.ping(), "PONG"];
  yield ["echo", await redis.echo("héllo ✓"), "héllo ✓"];
  yield ["set", await redis.set(key("s"), "a ✓", { ex: 100 }), "OK"];
  yield ["get", await redis.get(key("s")), "a ✓"];
  yield ["set nx", await redis.set(key("s"), "b", { nx: true }), null];
  yield ["ttl", await redis.ttl(key("s")) > 90, true];
  yield ["set an object", await redis.set(key("o"), { a: [1, null, "x"] }), "OK"];
  yield ["get an object", await redis.get(key("o")), { a: [1, null, "x"] }];
  yield ["get nothing", await redis.get(key("none")), null];
  yield ["append", await redis.append(key("s"), "!"), 6];
  yield ["strlen", await redis.strlen(key("s")), 6];
  yield ["incrby", await redis.incrby(key("n"), 41), 41];
  yield ["decr", await redis.decr(key("n")), 40];
  yield ["incrbyfloat", await redis.incrbyfloat(key("n"), 0.5), 40.5];
  yield ["mset", await redis.mset({ [key("a")]: 1, [key("b")]: "two" }), "OK"];
  yield ["mget", await redis.mget(key("a"), key("b"), key("none")), [1, "two", null]];
  yield ["exists", await redis.exists(key("a"), key("none")), 1];
  yield ["type", await redis.type(key("a")), "string"];
  yield ["del", await redis.del(key("a"), key("b")), 2];
}

async function* askCollections(redis: Redis, key: Key): AsyncGenerator<Asked> {
  yield ["hset", await redis.hset(key("h"), { a: 1, b: "x", c: { d: true } }), 3];
  yield ["hget", await redis.hget(key("h"), "b"), "x"];
  yield ["hgetall", await redis.hgetall(key("h")), { a: 1, b: "x", c: { d: true } }];
  yield ["hmget", await redis.hmget(key("h"), "a", "none"), { a: 1, none: null }];
  yield ["hincrby", await redis.hincrby(key("h"), "a", 2), 3];
  yield ["hdel", await redis.hdel(key("h"), "b"), 1];
  yield ["rpush", await redis.rpush(key("l"), "a", "", "c"), 3];
  yield ["lrange", await redis.lrange(key("l"), 0, -1), ["a", "", "c"]];
  yield ["lpop", await redis.lpop(key("l")), "a"];
  yield ["sadd", await redis.sadd(key("set"), "a", "b"), 2];
  yield ["smembers", (await redis.smembers(key("set"))).toSorted(), ["a", "b"]];
  const members = [{ score: 2, member: "b" }, { score: 1.5, member: "a" }] as const;
  yield ["zadd", await redis.zadd(key("z"), ...members), 2];
  yield [
    "zrange with scores",
    await redis.zrange(key("z"), 0, -1, { withScores: true }),
    ["a", 1.5, "b", 2],
  ];
  yield ["zscore", await redis.zscore(key("z"), "a"), 1.5];
  yield ["zrank", await redis.zrank(key("z"), "b"), 1];
  yield ["xadd", await redis.xadd(key("x"), "1-1", { a: 1 }), "1-1"];
  yield ["xlen", await redis.xlen(key("x")), 1];
  yield ["scan", await scan(redis, key("z*")), [key("z")]];
}

async function* askScripts(redis: Redis, key: Key): AsyncGenerator<Asked> {
  const script = "return { KEYS[1], ARGV[1], 7, { 'in', false } }";
  const answer = [key("k"), "arg", 7, ["in", null]];
  yield ["eval", await redis.eval(script, [key("k")], ["arg"]), answer];
  const sha = await redis.scriptLoad(script);
  yield ["script exists", await redis.scriptExists(sha), [1]];
  yield ["evalsha", await redis.evalsha(sha, [key("k")], ["arg"]), answer];
  yield ["evalsha unknown", await told(redis.evalsha("0".repeat(40), [], [])), "NOSCRIPT"];
  yield ["a wrong type", await told(redis.lpush(key("s"), "a")), "WRONGTYPE"];
  yield ["a refused command", await told(redis.exec(["SWAPDB", "0", "1"])), "ERR"];
}

async function* askBatches(redis: Redis, key: Key): AsyncGenerator<Asked> {
  const pipeline = redis.pipeline().set(key("p"), 1).incr(key("p")).get(key("p"));
  yield ["pipeline", await pipeline.exec(), ["OK", 2, 2]];
  const multi = redis.multi().set(key("m"), "a").hset(key("mh"), { a: 1 }).hgetall(key("mh"));
  yield ["multi", await multi.exec(), ["OK", 1, { a: 1 }]];
  const together = await Promise.all(
    Array.from({ length: 50 }, (_, i) => redis.incrby(key("t"), i)),
  );
  yield ["50 at once", together.at(-1), 1_225];
  const large = "x✓".repeat(100_000);
  await redis.set(key("large"), large);
  yield ["a large value", (await redis.get<string>(key("large"))) === large, true];
  yield ["subscribe", await hear(redis, key("chat")), { n: 1 }];
}

/** The keys that fit, however many others there are. */
async function scan(redis: Redis, match: string): Promise<string[]> {
  const found: string[] = [];
  let cursor = "0";
  do {
    const [next, keys] = await redis.scan(cursor, { match, count: 1_000 });
    found.push(...keys);
    cursor = next;
  } while (cursor !== "0");
  return found;
}

/** The first word of what is said of a command that fails. */
async function told(answer: Promise<unknown>): Promise<string> {
  return await answer.then(() => "nothing", (error: Error) => {
    return error.message.replace("Command failed: ", "").split(" ")[0]!;
  });
}

/** Subscribes, publishes, and gives what was heard. */
async function hear(redis: Redis, channel: string): Promise<unknown> {
  const subscriber = redis.subscribe<{ n: number }>([channel]);
  const heard = new Promise((resolve) => {
    subscriber.on("message", ({ message }) => resolve(message));
  });
  await new Promise((resolve) => subscriber.on("subscribe", resolve));
  await redis.publish(channel, { n: 1 });
  const message = await heard;
  await subscriber.unsubscribe();
  return message;
}
