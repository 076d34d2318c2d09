/**
 * Pins what each call costs where commands are billed: the script and every command in it. A change
 * that adds one must show here.
 */
import { assertEquals } from "@std/assert";
import { MAX_BATCH } from "../../../src/broker/broker.ts";
import { upstashClient } from "../../../src/broker/redis/mod.ts";
import {
  bury,
  message,
  newChannel,
  renewal,
  retry,
  succeed,
  target,
} from "../contract/messages.ts";
import { countCommands, openRig, type Rig } from "./rig.ts";

const OP = { id: "op", retainMs: 0 };
const ids = (count: number) => Array.from({ length: count }, (_, index) => `m${index}`);

/** Opens a rig whose scripts are known, whose layout has been checked and whose line is in use. */
async function openWarm(): Promise<Rig> {
  const rig = await openRig({ serverClock: true, ownServer: true });
  const { broker, stage } = rig;
  await broker.probe(["q"]);
  await stage.settle(succeed(await stage.pushAndClaim("warm")));
  await broker.read(["warm"]);
  await broker.cancel([target("none")], OP);
  await broker.redrive([message("none")], "op");
  await broker.discard([target("none")], OP);
  await broker.dead({ limit: 1 });
  await broker.stats();
  return rig;
}

async function assertCosts(
  expected: string,
  prepare: (rig: Rig) => Promise<(rig: Rig) => Promise<unknown>>,
): Promise<void> {
  await using rig = await openWarm();
  const act = await prepare(rig);
  const commands = await countCommands(rig, () => act(rig));
  assertEquals(commands.sort().join(" "), expected.split(" ").sort().join(" "));
}

Deno.test("RedisBroker.push() of one message costs 5 commands", () =>
  assertCosts(
    "evalsha time hmget zadd hset",
    () => Promise.resolve(({ stage }) => stage.push("m")),
  ));

Deno.test("RedisBroker.push() of 1,000 messages costs 5 commands", () =>
  assertCosts(
    "evalsha time hmget zadd hset",
    () => Promise.resolve(({ stage }) => stage.push(...ids(MAX_BATCH))),
  ));

Deno.test("RedisBroker.push() to a line that was never used costs one command more", () =>
  assertCosts(
    "evalsha time hmget zadd sadd hset",
    () => Promise.resolve(({ stage }) => stage.push({ id: "m", queue: "new" })),
  ));

Deno.test("RedisBroker.push() at an instant looks at the line once", () =>
  assertCosts(
    "evalsha time hmget zrange zadd hset",
    () => Promise.resolve(({ stage }) => stage.push({ id: "m", dueAtMs: Date.now() + 60_000 })),
  ));

Deno.test("RedisBroker.push() at 1,000 instants looks at the line sixteen times", () => {
  const dueAtMs = Date.now() + 60_000;
  const messages = ids(MAX_BATCH).map((id, index) => ({ id, dueAtMs: dueAtMs + index }));
  return assertCosts(
    `evalsha time hmget ${"zrange ".repeat(16)}zadd hset`,
    () => Promise.resolve(({ stage }) => stage.push(...messages)),
  );
});

Deno.test("RedisBroker.push() with a dedupe key costs 8 commands, a duplicate 5", async () => {
  const push = (id: string) => ({ stage }: Rig) =>
    stage.push({ id, dedupe: { key: "k", ttlMs: 60_000 } });
  await assertCosts(
    "evalsha time hmget hmget zadd hset zadd hset",
    () => Promise.resolve(push("a")),
  );
  await assertCosts("evalsha time hmget hmget hmget", async (rig) => {
    await push("a")(rig);
    return push("b");
  });
});

/** Has the channel in use already, as it is after a worker's first request. */
async function openChannel({ stage }: Rig): Promise<string> {
  const channel = newChannel();
  await stage.claim({ channel, seq: 1 });
  return channel;
}

for (const count of [1, MAX_BATCH]) {
  Deno.test(`RedisBroker.exchange() that claims ${count} costs 7 commands`, () =>
    assertCosts("evalsha time hmget zrange hmget zadd hset", async (rig) => {
      const channel = await openChannel(rig);
      await rig.stage.push(...ids(count));
      return ({ stage }) => stage.claim({ channel, seq: 2, max: count });
    }));
}

Deno.test("RedisBroker.exchange() that finds nothing costs 4 commands", () =>
  assertCosts("evalsha time hmget hset", async (rig) => {
    const channel = await openChannel(rig);
    return ({ stage }) => stage.claim({ channel, seq: 2 });
  }));

Deno.test("RedisBroker.exchange() on a new channel costs one command more", () =>
  assertCosts("evalsha time hmget hset zadd", () => Promise.resolve(({ stage }) => stage.claim())));

Deno.test("RedisBroker.exchange() that settles one and finds nothing costs 7 commands", () =>
  assertCosts("evalsha time hmget zrem zrange hset zadd", async (rig) => {
    const channel = await openChannel(rig);
    const delivery = await rig.stage.pushAndClaim();
    const claim = { queues: ["q"], max: 10 };
    return ({ stage }) => stage.exchange({ channel, seq: 2, settle: [succeed(delivery)], claim });
  }));

Deno.test("RedisBroker.exchange() that only settles one costs 7 commands", () =>
  assertCosts("evalsha time hmget zrem zrange hset zadd", async ({ stage }) => {
    const delivery = await stage.pushAndClaim();
    return () => stage.settle(succeed(delivery));
  }));

Deno.test("RedisBroker.exchange() that settles 100 and claims 100 costs 9 commands", () =>
  assertCosts("evalsha time hmget zrem zrange hmget zadd hset zadd", async (rig) => {
    const channel = await openChannel(rig);
    await rig.stage.push(...ids(200));
    const settle = (await rig.stage.claim({ channel, seq: 2, max: 100 })).map((one) =>
      succeed(one)
    );
    const claim = { queues: ["q"], max: 100 };
    return ({ stage }) => stage.exchange({ channel, seq: 3, settle, claim });
  }));

Deno.test("RedisBroker.exchange() that renews 100 leases costs 6 commands", () =>
  assertCosts("evalsha time hmget zrem zadd hset", async ({ stage }) => {
    await stage.push(...ids(100));
    const extend = (await stage.claim()).map((one) => renewal(one, "half"));
    return () => stage.extend(...extend);
  }));

Deno.test("RedisBroker.exchange() that puts back and buries costs 9 commands", () =>
  assertCosts("evalsha time hmget zrem zadd hset zcard zrange zadd", async ({ stage }) => {
    await stage.push("a", "b");
    const [a, b] = await stage.claim({ channel: "c", seq: 1 });
    const settle = [retry(a!, { delayMs: 1_000 }), bury(b!)];
    return () => stage.exchange({ channel: "c", seq: 2, settle });
  }));

Deno.test("RedisBroker.exchange() that drops 100 dead letters costs 6 commands more than one that tidies up", async () => {
  await using rig = await openRig({ ownServer: true });
  const { stage } = rig;
  const broker = rig.reopen({ deadLetters: { count: 10 } });
  await stage.push(...ids(110));
  await stage.settle(...(await stage.claim({ max: 110 })).map((one) => bury(one)));
  stage.advance(60_000);
  const request = { worker: "w", leaseMs: 1, settle: [], extend: [], trim: 100, sweep: false };
  const tidy = (channel: string) => () => broker.exchange({ ...request, channel, seq: 1 });
  await broker.exchange({ ...request, channel: "warm", seq: 1, trim: 0 });
  const dropping = await countCommands(rig, tidy("a"));
  const plain = await countCommands(rig, tidy("b"));
  assertEquals((await broker.stats()).dead, 10);
  const more = dropping.toSorted();
  for (const name of plain) more.splice(more.indexOf(name), 1);
  assertEquals(more, ["hdel", "hmget", "zcard", "zcard", "zrange", "zrem"]);
});

Deno.test("RedisBroker.probe() costs one command, whatever the number of queues", async () => {
  for (const count of [1, 50, 1_000]) {
    await assertCosts("hmget", () => Promise.resolve(({ broker }) => broker.probe(ids(count))));
  }
});

Deno.test("RedisBroker.probe() costs two commands with a client that only runs scripts", () =>
  assertCosts("evalsha hmget", async (rig) => {
    const { evalsha, eval: run } = upstashClient(rig.server);
    const broker = rig.reopen({ client: { evalsha, eval: run } });
    await broker.probe(["q"]);
    return () => broker.probe(ids(50));
  }));

Deno.test("RedisBroker.read() costs 3 commands", () =>
  assertCosts("evalsha time hmget", () => Promise.resolve(({ broker }) => broker.read(ids(100)))));

Deno.test("RedisBroker.read() for outcomes costs 1 command", () =>
  assertCosts(
    "hmget",
    () => Promise.resolve(({ broker }) => broker.read(ids(100), "outcome")),
  ));

Deno.test("RedisBroker.cancel() costs 7 commands", () =>
  assertCosts("evalsha time hmget zrem zrange hset zadd", async ({ stage }) => {
    await stage.push("m");
    return ({ broker }) => broker.cancel([target()], OP);
  }));

Deno.test("RedisBroker.redrive() costs 6 commands, discard() as many", async () => {
  const die = async ({ stage }: Rig) => {
    await stage.settle(bury(await stage.pushAndClaim()));
  };
  await assertCosts("evalsha time hmget zrem zadd hset", async (rig) => {
    await die(rig);
    return ({ broker }) => broker.redrive([message("m")], "op");
  });
  await assertCosts("evalsha time hmget zrem hset zadd", async (rig) => {
    await die(rig);
    return ({ broker }) => broker.discard([target()], OP);
  });
});

Deno.test("RedisBroker checks the layout once, for a command or two", async () => {
  await using rig = await openRig({ serverClock: true, ownServer: true });
  await rig.server.redis.ping();
  const first = await countCommands(rig, () => rig.stage.push("a"));
  assertEquals(first.filter((name) => name === "get" || name === "set").sort(), ["get", "set"]);
  const other = rig.reopen();
  const second = await countCommands(rig, () => other.push([message("b")]));
  assertEquals(second.sort(), ["evalsha", "get", "hmget", "hset", "time", "zadd"]);
});
