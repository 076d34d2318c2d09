import { assertEquals, assertLessOrEqual, assertMatch, assertRejects } from "@std/assert";
import { Redis as Upstash } from "@upstash/redis";
import { Redis as PortableUpstash } from "@upstash/redis/cloudflare";
import { Redis } from "ioredis";
import {
  ioredisClient,
  RedisBroker,
  type RedisClient,
  restClient,
  upstashClient,
} from "../../../src/broker/redis/mod.ts";
import { BrokerError } from "../../../src/errors.ts";
import { hangUp, type RedisGateway } from "../../support/redis_gateway.ts";
import { bury, idsOf, message, retry, succeed, target } from "../contract/messages.ts";
import { openRig, type Rig } from "./rig.ts";

/** Texts that a client which parses every string would turn into something else. */
const NAMES = ["007", "1e3", "true", "null", "12345678901234567890", "0"];
const OP = { id: "1", retainMs: 0 };

/** Everything once, with names and texts that look like JSON. */
async function playAll({ broker, stage }: Rig): Promise<void> {
  const push = NAMES.map((id) => ({ id, queue: "10", nonce: id, body: id }));
  assertEquals(idsOf(await stage.push(...push)), NAMES);
  const duplicate = await stage.push({ ...push[0]!, nonce: "2" });
  assertEquals(duplicate, [{ id: "007", disposition: "duplicate" }]);
  const claimed = await stage.claim({ queues: ["10"], worker: "5", channel: "77" });
  assertEquals(claimed.map(({ id, body }) => [id, body]), NAMES.map((id) => [id, id]));
  const [a, b, c, d] = claimed;
  const settle = [succeed(a!, { result: "[1]" }), retry(b!, { journal: "1" }), bury(c!)];
  const extend = [{ ...d!, progress: '{"at":5}' }];
  const { settled, extended } = await stage.exchange({ settle, extend });
  assertEquals([settled, extended], [["ok", "ok", "ok"], ["ok"]]);
  const [first, second, , fourth] = await broker.read(NAMES);
  assertEquals([first?.result, second?.journal, fourth?.progress], ["[1]", "1", '{"at":5}']);
  assertEquals([fourth?.worker, fourth?.queue, fourth?.state], ["5", "10", "leased"]);
  assertEquals(await broker.probe(["10"]), stage.nowMs);
  const dead = { ...target("true"), queue: "10" };
  assertEquals(idsOf((await broker.dead({ limit: 1 })).letters), ["true"]);
  assertEquals(await broker.redrive([dead], "1"), ["redriven"]);
  assertEquals(await broker.cancel([dead], OP), ["cancelled"]);
  assertEquals(await broker.discard([dead], OP), ["discarded"]);
  assertEquals((await broker.stats()).queues, [
    { queue: "10", ready: 1, later: 3, oldestReadyAtMs: stage.nowMs },
  ]);
}

const CLIENTS: Readonly<Record<string, (server: RedisGateway) => RedisClient>> = {
  "the client that it sets up": upstashClient,
  "its own client": restClient,
  "a client of @upstash/redis as it comes": ({ url, token }) => new Upstash({ url, token }),
  "one that parses nothing": ({ url, token }) =>
    new Upstash({ url, token, automaticDeserialization: false }),
  "one that parses everything, without base64": ({ url, token }) =>
    new PortableUpstash({ url, token, responseEncoding: false, enableAutoPipelining: false }),
};

for (const [name, makeClient] of Object.entries(CLIENTS)) {
  Deno.test(`RedisBroker works with ${name}`, async () => {
    await using rig = await openRig({ broker: (server) => ({ client: makeClient(server) }) });
    await playAll(rig);
  });
}

Deno.test("upstashClient() hands texts over as they are", async () => {
  await using rig = await openRig({ messy: true });
  const client = upstashClient(rig.server);
  const key = rig.key("text");
  for (const text of ["007", "true", "[1]", "aGk=", "\uFEFFé", "OK"]) {
    await client.command!("SET", key, text);
    assertEquals(await client.command!("GET", key), text);
    const script = "return { ARGV[1], { KEYS[1] } }";
    assertEquals(await client.eval(script, [key], [text]), [text, [key]]);
  }
});

Deno.test("upstashClient() sends nothing again by itself", async () => {
  await using rig = await openRig({ messy: true, intercept: () => hangUp() });
  await assertRejects(() => upstashClient(rig.server).eval("return 1", [], []), TypeError);
  // Deno's fetch may, once, where a connection that was used before is reset.
  assertLessOrEqual(rig.server.requests, 2);
});

Deno.test("RedisBroker works with an ioredis", async () => {
  await using server = { redis: undefined as Redis | undefined, [Symbol.asyncDispose]: close };
  async function close() {
    await server.redis?.quit();
  }
  await using rig = await openRig({
    broker: ({ redisPort }) => {
      server.redis ??= new Redis(redisPort, "127.0.0.1");
      return { client: ioredisClient(server.redis) };
    },
  });
  await playAll(rig);
});

Deno.test("RedisBroker gives a client of the user's a deadline, too", async () => {
  const never = () => new Promise<never>(() => {});
  await using rig = await openRig({ messy: true });
  const client = { evalsha: never, eval: never, command: never };
  const broker = rig.reopen({ client, timeout: 20, retries: 0 });
  for (const call of [() => broker.push([message("m")]), () => broker.probe(["q"])]) {
    const error = await assertRejects(call, BrokerError);
    assertMatch(error.message, /deadline/);
    assertEquals(error.retryable, true);
  }
});

Deno.test("RedisBroker takes the empty reply of a client whose signal has fired for none", async () => {
  const signal = AbortSignal.abort();
  await using rig = await openRig({
    broker: ({ url, token }) => ({ client: new Upstash({ url, token, signal }), retries: 0 }),
  });
  const error = await assertRejects(() => rig.stage.claim(), BrokerError);
  assertEquals(error.retryable, true);
  await assertRejects(() => rig.stage.states("m"), BrokerError);
});

Deno.test("RedisBroker.close() leaves a client of the user's open", async () => {
  await using rig = await openRig();
  const redis = new Redis(rig.server.redisPort, "127.0.0.1");
  const broker = rig.reopen({ client: ioredisClient(redis) });
  await broker.close();
  const error = await assertRejects(() => broker.read(["m"]), BrokerError);
  assertEquals(error.retryable, false);
  assertEquals(await redis.ping(), "PONG");
  await redis.quit();
});

Deno.test("RedisBroker has outcomes wait for company only where commands may be paid for", () => {
  const at = (url: string) => new RedisBroker({ url, token: "t" }).lingerMs;
  assertEquals([at("https://quick-bat-1.upstash.io"), at("http://127.0.0.1:8079")], [5, 0]);
  const unknown = new Upstash({ url: "http://127.0.0.1:8079", token: "t" });
  assertEquals(new RedisBroker({ client: unknown }).lingerMs, 5);
  const tcp = new Redis({ lazyConnect: true });
  assertEquals(new RedisBroker({ client: ioredisClient(tcp) }).lingerMs, 0);
});
