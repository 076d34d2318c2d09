/** Every family of commands that the real client has, as far as a plain Redis 7.0 knows them. */

import { assertEquals, assertRejects } from "@std/assert";
import { Redis } from "@upstash/redis";
import { redisGateway } from "../support/redis_gateway.ts";

type Call = (redis: Redis, key: string) => unknown;

const PALERMO = { longitude: 13.361389, latitude: 38.115556, member: "Palermo" };
const CATANIA = { longitude: 15.087269, latitude: 37.502669, member: "Catania" };
const LIBRARY = (name: string) =>
  `#!lua name=${name}\nredis.register_function{function_name="${name}_f", flags={"no-writes"},` +
  ` callback=function(keys, args) return {keys[1], args[1]} end}`;

const families: [family: string, ...steps: [call: Call, expected: unknown][]][] = [
  [
    "strings",
    [(r, k) => r.set(k, "a", { ex: 100 }), "OK"],
    [(r, k) => r.set(k, "b", { nx: true }), null],
    [(r, k) => r.set(k, "b", { get: true }), "a"],
    [(r, k) => r.append(k, "cé"), 4],
    [(r, k) => r.getrange(k, 0, 1), "bc"],
    [(r, k) => r.setrange(k, 0, "x"), 4],
    [(r, k) => r.strlen(k), 4],
    [(r, k) => r.getset(k, { a: [1, "2"] }), "xcé"],
    [(r, k) => r.getdel(k), { a: [1, "2"] }],
    [(r, k) => r.get(k), null],
    [(r, k) => r.mset({ [`${k}1`]: 1, [`${k}2`]: "" }), "OK"],
    [(r, k) => r.mget(`${k}1`, `${k}2`, k), [1, "", null]],
    [(r, k) => r.msetnx({ [`${k}1`]: 1 }), 0],
    [(r, k) => r.incrbyfloat(k, 1.5), 1.5],
    [(r, k) => r.set(k, "9007199254740993"), "OK"],
    [(r, k) => r.get(k), "9007199254740993"],
  ],
  [
    "bits",
    [(r, k) => r.setbit(k, 7, 1), 0],
    [(r, k) => r.getbit(k, 7), 1],
    [(r, k) => r.bitcount(k, 0, -1), 1],
    [(r, k) => r.bitpos(k, 1), 7],
    [(r, k) => r.bitop("not", `${k}1`, k), 1],
  ],
  [
    "keys",
    [(r, k) => r.set(k, 1), "OK"],
    [(r, k) => r.exists(k, `${k}none`), 1],
    [(r, k) => r.copy(k, `${k}1`), "COPIED"],
    [(r, k) => r.rename(`${k}1`, `${k}2`), "OK"],
    [(r, k) => r.renamenx(k, `${k}2`), 0],
    [(r, k) => r.type(k), "string"],
    [(r, k) => r.ttl(k), -1],
    [(r, k) => r.expire(k, 100), 1],
    [(r, k) => r.persist(k), 1],
    [(r, k) => r.pexpireat(k, 1), 1],
    [(r, k) => r.ttl(k), -2],
    [(r, k) => r.scan("0", { match: `${k}*`, count: 100_000 }), ["0", (k: string) => [`${k}2`]]],
    [(r, k) => r.keys(`${k}*`), (k: string) => [`${k}2`]],
    [(r, k) => r.touch(`${k}2`), 1],
    [(r, k) => r.unlink(`${k}2`), 1],
    [(r) => r.echo("héllo"), "héllo"],
    [(r) => r.ping(), "PONG"],
    [(r) => r.exec(["TYPE", "none"]), "none"],
  ],
  [
    "hashes",
    [(r, k) => r.hset(k, { a: 1, b: { c: null }, d: "" }), 3],
    [(r, k) => r.hget(k, "b"), { c: null }],
    [(r, k) => r.hgetall(k), { a: 1, b: { c: null }, d: "" }],
    [(r, k) => r.hgetall(`${k}none`), null],
    [(r, k) => r.hmget(k, "a", "x"), { a: 1, x: null }],
    [(r, k) => r.hincrby(k, "a", 2), 3],
    [(r, k) => r.hscan(k, 0), ["0", ["a", 3, "b", { c: null }, "d", ""]]],
    [(r, k) => r.hdel(k, "a", "b"), 2],
    [(r, k) => r.hrandfield(k), "d"],
    [(r, k) => r.hstrlen(k, "d"), 0],
  ],
  [
    "lists",
    [(r, k) => r.rpush<unknown>(k, "a", "", { b: 1 }, 4), 4],
    [(r, k) => r.lrange(k, 0, -1), ["a", "", { b: 1 }, 4]],
    [(r, k) => r.lpos(k, "a", { count: 0 }), [0]],
    [(r, k) => r.linsert(k, "before", "", "x"), 5],
    [(r, k) => r.lmove(k, k, "left", "right"), "a"],
    [(r, k) => r.lpop(k, 2), ["x", ""]],
    [(r, k) => r.lmpop(2, [`${k}none`, k], "LEFT", 1), (k: string) => [k, [{ b: 1 }]]],
    [(r, k) => r.lset(k, 0, "y"), "OK"],
    [(r, k) => r.ltrim(k, 0, 0), "OK"],
    [(r, k) => r.lindex(k, 5), null],
  ],
  [
    "sets",
    [(r, k) => r.sadd(k, "a", "b"), 2],
    [(r, k) => r.sadd(`${k}1`, "b"), 1],
    [(r, k) => r.sdiff(k, `${k}1`), ["a"]],
    [(r, k) => r.sinter(k, `${k}1`), ["b"]],
    [(r, k) => r.smismember(k, ["a", "x"]), [1, 0]],
    [(r, k) => r.sunionstore(`${k}2`, k, `${k}1`), 2],
    [(r, k) => r.smove(k, `${k}1`, "a"), 1],
    [(r, k) => r.spop(k), "b"],
    [(r, k) => r.smembers(k), []],
  ],
  [
    "sorted sets",
    [(r, k) => r.zadd<unknown>(k, { score: 1.5, member: "a" }, { score: 2, member: { b: 1 } }), 2],
    [(r, k) => r.zrange(k, 0, -1, { withScores: true }), ["a", 1.5, { b: 1 }, 2]],
    [(r, k) => r.zrange(k, "-inf", 1.5, { byScore: true, offset: 0, count: 1 }), ["a"]],
    [(r, k) => r.zmscore(k, ["a", "x"]), [1.5, null]],
    [(r, k) => r.zscore(k, "a"), 1.5],
    [(r, k) => r.zrank(k, "x"), null],
    [(r, k) => r.zincrby(k, 1, "a"), 2.5],
    [(r, k) => r.zunion(1, [k], { withScores: true }), [{ b: 1 }, 2, "a", 2.5]],
    [(r, k) => r.zscan(k, 0), ["0", [{ b: 1 }, 2, "a", 2.5]]],
    [(r, k) => r.zpopmax(k), ["a", 2.5]],
  ],
  [
    "geo",
    [(r, k) => r.geoadd(k, PALERMO, CATANIA), 2],
    [(r, k) => r.geodist(k, "Palermo", "Catania", "KM"), 166.2742],
    [(r, k) => r.geohash(k, "Palermo"), ["sqc8b49rny0"]],
    [(r, k) => r.geopos(k, "none"), []],
    [
      (r, k) =>
        r.geosearch(
          k,
          { type: "FROMMEMBER", member: "Palermo" },
          { type: "BYRADIUS", radius: 1, radiusType: "KM" },
          "ASC",
          { withDist: true },
        ),
      [{ member: "Palermo", dist: 0 }],
    ],
  ],
  [
    "streams",
    [(r, k) => r.xadd(k, "1-1", { a: 1, b: "x" }), "1-1"],
    [(r, k) => r.xgroup(k, { type: "CREATE", group: "g", id: "0" }), "OK"],
    [(r, k) => r.xread(k, "0"), (k: string) => [[k, [["1-1", ["a", 1, "b", "x"]]]]]],
    [(r, k) => r.xread(k, "$"), null],
    [
      (r, k) => r.xreadgroup("g", "c", k, ">"),
      (k: string) => [[k, [["1-1", ["a", 1, "b", "x"]]]]],
    ],
    [(r, k) => r.xrange(k, "-", "+"), { "1-1": { a: 1, b: "x" } }],
    [(r, k) => r.xautoclaim(k, "g", "d", 0, "0", { justId: true }), ["0-0", ["1-1"], []]],
    [(r, k) => r.xack(k, "g", "1-1"), 1],
    [(r, k) => r.xtrim(k, { strategy: "MAXLEN", threshold: 0 }), 1],
    [(r, k) => r.xlen(k), 0],
  ],
  [
    "hyperloglogs",
    [(r, k) => r.pfadd(k, "a", "b"), 1],
    [(r, k) => r.pfcount(k), 2],
    [(r, k) => r.pfmerge(`${k}1`, k), "OK"],
  ],
  [
    "scripts",
    [(r, k) => r.eval("return {KEYS[1], 1, {2, {''}}, false, 3.9}", [k], []), (k: string) => [
      k,
      1,
      [2, [""]],
      null,
      3,
    ]],
    [(r, k) => r.evalRo("return redis.call('GET', KEYS[1])", [k], []), null],
    [(r) => r.scriptLoad("return ARGV[1]"), "098e0f0d1448c0a81dafe820f66d460eb09263da"],
    [(r) => r.scriptExists("098e0f0d1448c0a81dafe820f66d460eb09263da", "0"), [1, 0]],
    [(r) => r.evalsha("098e0f0d1448c0a81dafe820f66d460eb09263da", [], ["x"]), "x"],
    [(r) => r.evalshaRo("098e0f0d1448c0a81dafe820f66d460eb09263da", [], ["x"]), "x"],
  ],
  [
    "functions",
    [
      (r, k) => r.functions.load({ code: LIBRARY(k.replaceAll("-", "_")), replace: true }),
      (k: string) => k.replaceAll("-", "_"),
    ],
    [
      (r, k) => r.functions.callRo(`${k.replaceAll("-", "_")}_f`, [k], ["x"]),
      (k: string) => [k, "x"],
    ],
    [(r, k) => r.functions.delete(k.replaceAll("-", "_")), "OK"],
  ],
];

for (const [family, ...steps] of families) {
  Deno.test(`@upstash/redis works with ${family}`, async () => {
    await using server = await redisGateway();
    for (const responseEncoding of ["base64", false] as const) {
      const redis = new Redis({ url: server.url, token: server.token, responseEncoding });
      const key = `${server.namespace}-${responseEncoding}`;
      for (const [step, [run, expected]] of steps.entries()) {
        assertEquals([step, await run(redis, key)], [step, fill(expected, key)]);
      }
    }
  });
}

/** What an answer says of the key, filled in. */
function fill(expected: unknown, key: string): unknown {
  if (typeof expected === "function") return expected(key);
  return Array.isArray(expected) ? expected.map((item) => fill(item, key)) : expected;
}

Deno.test("@upstash/redis is told what a plain Redis does not know", async () => {
  await using server = await redisGateway();
  const redis = new Redis({ url: server.url, token: server.token });
  const unknown = [
    () => redis.json.set("j", "$", { a: 1 }),
    () => redis.hexpire("h", "a", 10),
  ];
  for (const call of unknown) await assertRejects(call, Error, "ERR unknown command");
});

Deno.test({
  name: "@upstash/redis carries 5 MB, and pipelines of more than a thousand",
  // The Redis client's parser lets its buffer shrink over time.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    await using server = await redisGateway();
    const redis = new Redis({ url: server.url, token: server.token });
    const large = "é".repeat(2_500_000);
    await redis.set(server.namespace, large);
    assertEquals(await redis.get(server.namespace) === large, true);
    await redis.del(server.namespace);
    const echoed = await Promise.all(Array.from({ length: 2_500 }, (_, i) => redis.echo(`m${i}`)));
    assertEquals(echoed, echoed.map((_, i) => `m${i}`));
  },
});

Deno.test("@upstash/redis reads its own writes by the token of the answer before", async () => {
  const sent: (string | null)[] = [];
  const given: (string | null)[] = [];
  await using server = await redisGateway({
    intercept: async (request, forward) => {
      sent.push(request.headers.get("upstash-sync-token"));
      const response = await forward(request);
      given.push(response.headers.get("upstash-sync-token"));
      return response;
    },
  });
  const redis = new Redis({ url: server.url, token: server.token });
  for (let i = 0; i < 4; i++) {
    await redis.set(server.namespace, i);
    assertEquals(await redis.get(server.namespace), i);
  }
  assertEquals(new Set(given).size, 8);
  assertEquals(sent, ["", ...given.slice(0, -1)]);
  assertEquals(redis.readYourWritesSyncToken, given.at(-1));
});
