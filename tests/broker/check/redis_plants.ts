/** Ways to damage a namespace of Redis, each as a hand at the keys, or a half-done write, would. */

import { oneOf, pick, type Plant, type RedisGround, type Spade } from "./ground.ts";

type Redis = RedisGround;

const FAR = ["9e18", "+inf", "-7", "1.5"];
const HOLD = "h c.1 / / 2 0 0 1790000000000 =w = 0 ";

async function replaceWord(
  { redis, key }: Redis,
  field: string,
  [word, value]: readonly [number, string],
): Promise<string> {
  const words = (await redis.hget(key("msg"), field))!.split(" ");
  words[word] = value;
  await redis.hset(key("msg"), field, words.join(" "));
  return field.replace(/[!%]$/, "");
}

const lineOf = (id: string) => /^(leased|retried|dead|succeeded)/.test(id) ? "w:n" : "q:n";

const stranger = ({ draw }: Spade) => `nobody${Math.floor(draw() * 1e9)}`;

/** The ways, by name. */
export const REDIS_PLANTS: Readonly<Record<string, Plant<Redis>>> = {
  "a message is not in its line": {
    problem: "unlisted",
    async plant({ redis, key }, spade) {
      const id = pick(spade, "ready", "scheduled", "keyed", "leased", "retried");
      await redis.zrem(key(`due:${lineOf(id)}`), id);
      return id;
    },
  },
  "a dead letter is not on the list": {
    problem: "unlisted",
    async plant({ redis, key }, spade) {
      const id = pick(spade, "dead");
      await redis.zrem(key("dead"), id);
      return id;
    },
  },
  "an outcome would never be forgotten": {
    problem: "unlisted",
    async plant({ redis, key }, spade) {
      const id = pick(spade, "succeeded", "cancelled");
      await redis.zrem(key("exp"), id);
      return id;
    },
  },
  "a dedupe key would never be forgotten": {
    problem: "unlisted",
    async plant({ redis, key }, spade) {
      const name = `key of ${pick(spade, "keyed")}`;
      await redis.zrem(key("exp"), `#${name}`);
      return name;
    },
  },
  "a channel would never be forgotten": {
    problem: "unlisted",
    alone: true,
    async plant({ redis, key }) {
      const channel = (await redis.hkeys(key("msg"))).find((field) => field.startsWith("@"))!;
      await redis.zrem(key("exp"), channel);
      return channel;
    },
  },
  "an entry has no message": {
    problem: "missing",
    async plant({ redis, key }, spade) {
      const id = stranger(spade);
      await redis.zadd(key(oneOf(spade, ["due:q:n", "due:w:n", "dead", "exp"])), 1, id);
      return id;
    },
  },
  "a record is gone": {
    problem: "missing",
    async plant({ redis, key }, spade) {
      const id = pick(spade, "leased", "retried", "dead");
      await redis.hdel(key("msg"), id);
      return id;
    },
  },
  "a record is empty": {
    problem: "missing",
    async plant({ redis, key }, spade) {
      const id = pick(spade, "ready", "leased", "dead", "succeeded");
      await redis.hset(key("msg"), id, "");
      return id;
    },
  },
  "there is a hold or a progress only": {
    problem: "missing",
    async plant({ redis, key }, spade) {
      const id = stranger(spade);
      await redis.hset(key("msg"), id + oneOf(spade, ["!", "%"]), HOLD);
      return id;
    },
  },
  "a dead letter is in its line": {
    problem: "misplaced",
    async plant({ redis, key }, spade) {
      const id = pick(spade, "dead", "succeeded");
      await redis.zadd(key("due:w:n"), 1, id);
      return id;
    },
  },
  "a message is in the line of another queue": {
    problem: "misplaced",
    async plant({ redis, key }, spade) {
      const id = pick(spade, "ready", "scheduled", "cancelled");
      await redis.zadd(key("due:w:n"), 1, id);
      return id;
    },
  },
  "a live message is among the dead, or to be forgotten": {
    problem: "misplaced",
    async plant({ redis, key }, spade) {
      const id = pick(spade, "ready", "leased", "retried");
      await redis.zadd(key(oneOf(spade, ["dead", "exp"])), 1, id);
      return id;
    },
  },
  "a dead letter is to be forgotten": {
    problem: "misplaced",
    async plant({ redis, key }, spade) {
      const id = pick(spade, "dead");
      await redis.zadd(key("exp"), Date.now() + 60_000, id);
      return id;
    },
  },
  "a message that has ended is held": {
    problem: "misplaced",
    async plant({ redis, key }, spade) {
      const id = pick(spade, "succeeded", "cancelled");
      await redis.hset(key("msg"), `${id}!`, HOLD);
      return id;
    },
  },
  "a message is due at a time that cannot be": {
    problem: "mistimed",
    async plant({ redis, key }, spade) {
      const id = pick(spade, "ready", "leased", "retried");
      await redis.zadd(key(`due:${lineOf(id)}`), oneOf(spade, FAR), id);
      return id;
    },
  },
  "a lease ends a day later in its line": {
    problem: "mistimed",
    async plant({ redis, key }, spade) {
      const id = pick(spade, "leased", "retried");
      await redis.zincrby(key("due:w:n"), 86_400_000_000, id);
      return id;
    },
  },
  "a dead letter is where no page finds it": {
    problem: "mistimed",
    async plant({ redis, key }, spade) {
      const id = pick(spade, "dead");
      await redis.zadd(key("dead"), oneOf(spade, FAR), id);
      return id;
    },
  },
  "two dead letters share a place": {
    problem: "mistimed",
    alone: true,
    async plant({ redis, key }) {
      const [[, score], [id]] = await firstTwo(redis, key("dead"));
      await redis.zadd(key("dead"), score, id);
      return id;
    },
  },
  "an outcome is forgotten at another time": {
    problem: "mistimed",
    async plant({ redis, key }, spade) {
      const id = pick(spade, "succeeded", "cancelled");
      await redis.zadd(key("exp"), oneOf(spade, FAR), id);
      return id;
    },
  },
  "a dedupe key is forgotten at another time": {
    problem: "mistimed",
    async plant({ redis, key }, spade) {
      const name = `key of ${pick(spade, "keyed")}`;
      await redis.zadd(key("exp"), oneOf(spade, FAR), `#${name}`);
      return name;
    },
  },
  "an outcome is kept for longer than there are dates": {
    problem: "mistimed",
    plant: (store, spade) =>
      replaceWord(store, pick(spade, "succeeded", "cancelled"), [7, "99999999999999999"]),
  },
  "a record cannot be read": {
    problem: "damaged",
    async plant({ redis, key }, spade) {
      const id = pick(spade, "ready", "scheduled", "leased", "dead", "succeeded");
      const line = lineOf(id);
      const texts = ["garbage", "L", `L ${line} garbage`, `O ${line} s`, "L no-line 1 - 0 0 body"];
      await redis.hset(key("msg"), id, oneOf(spade, texts));
      return id;
    },
  },
  "a hold cannot be read": {
    problem: "damaged",
    async plant({ redis, key }, spade) {
      const id = pick(spade, "ready", "leased", "retried", "dead");
      await redis.hset(key("msg"), `${id}!`, oneOf(spade, ["garbage", "h c.1", "x".repeat(300)]));
      return id;
    },
  },
  "a count is below zero, or beyond counting": {
    problem: "damaged",
    plant: (store, spade) =>
      replaceWord(store, `${pick(spade, "leased", "retried", "dead")}!`, [
        oneOf(spade, [4, 5, 6]),
        oneOf(spade, ["-1", "99999999999999999999", "1.5"]),
      ]),
  },
  "a hold is in a state that there is none of, or ends after all dates": {
    problem: "damaged",
    plant: (store, spade) =>
      replaceWord(
        store,
        `${pick(spade, "leased", "retried", "dead")}!`,
        oneOf(spade, [[0, "z"], [7, "99999999999999999"]] as const),
      ),
  },
  "a slot cannot be read": {
    problem: "damaged",
    alone: true,
    async plant({ redis, key }) {
      const channel = (await redis.hkeys(key("msg"))).find((field) => field.startsWith("@"))!;
      await redis.hset(key("msg"), channel, "garbage");
      return channel;
    },
  },
  "a dedupe key cannot be read": {
    problem: "damaged",
    async plant({ redis, key }, spade) {
      const name = `key of ${pick(spade, "keyed")}`;
      await redis.hset(key("dedupe"), name, "garbage");
      return name;
    },
  },
  "a field is none of ours": {
    problem: "damaged",
    alone: true,
    byHand: true,
    async plant({ redis, key }) {
      await redis.hset(key("msg"), "a field of somebody", "text");
      return "a field of somebody";
    },
  },
  "a hint is too late, is gone, or cannot be read": {
    problem: "unindexed",
    alone: true,
    async plant({ redis, key }, spade) {
      const hint = oneOf(spade, ["", "8000000000000000000", "garbage", null]);
      if (hint === null) await redis.hdel(key("msg"), "~q:n");
      else await redis.hset(key("msg"), "~q:n", hint);
      return "q:n";
    },
  },
  "a line is not on the list": {
    problem: "unindexed",
    alone: true,
    async plant({ redis, key }, spade) {
      await redis.srem(key("lines"), "q:n");
      if (spade.draw() < 0.5) await redis.hdel(key("msg"), "~q:n");
      return "q:n";
    },
  },
  "half of a line is left": {
    problem: "unindexed",
    alone: true,
    async plant({ redis, key }, spade) {
      if (spade.draw() < 0.5) await redis.hset(key("msg"), "~empty:l", "");
      else await redis.sadd(key("lines"), "empty:l");
      return "empty:l";
    },
  },
  "a line has a name that no queue has": {
    problem: "damaged",
    alone: true,
    async plant({ redis, key }) {
      await redis.sadd(key("lines"), "no-line");
      return "no-line";
    },
  },
};

async function firstTwo(
  redis: Redis["redis"],
  key: string,
): Promise<[[string, string], [string, string]]> {
  const [a, aScore, b, bScore] = await redis.zrange(key, 0, 1, "WITHSCORES");
  return [[a!, aScore!], [b!, bScore!]];
}
