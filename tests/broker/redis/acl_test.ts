import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Redis } from "ioredis";
import { ioredisClient, redisAcl, RedisBroker, redisScripts } from "@dabba/queue/redis";
import { BrokerError } from "../../../src/errors.ts";
import { type RedisGateway, redisGateway } from "../../support/redis_gateway.ts";
import { type RedisServer, startRedisServer } from "../../support/redis_server.ts";
import { message, succeed } from "../contract/messages.ts";
import type { Broker, ExchangeRequest } from "../../../src/broker/broker.ts";

const NAMESPACE = "shop";
const OP = { id: "op", retainMs: 0 };
const REQUEST: ExchangeRequest = {
  ...{ channel: "c", seq: 1, worker: "w", leaseMs: 1_000 },
  ...{ settle: [], extend: [], trim: 100, sweep: true, claim: { queues: ["q"], max: 10 } },
};
const ROLES = ["producer", "worker", "reader", "operator"] as const;
type Role = typeof ROLES[number];

const CHANGERS = ["producer", "worker", "operator"] as const;
const LOOKERS = ["reader", "operator"] as const;

/** What each may do; what others must not, as far as Redis can tell scripts apart: by commands. */
const WORK: Readonly<
  Record<string, [roles: readonly Role[], act: (b: Broker) => Promise<unknown>]>
> = {
  push: [CHANGERS, (b) => b.push([message(crypto.randomUUID())])],
  read: [ROLES, (b) => b.read(["m"])],
  probe: [ROLES, (b) => b.probe(["q"])],
  cancel: [CHANGERS, async (b) => {
    const id = crypto.randomUUID();
    await b.push([message(id)]);
    await b.cancel([{ ...message(id), result: "" }], OP);
  }],
  exchange: [["worker", "operator"], async (b) => {
    const channel = crypto.randomUUID();
    const { claimed } = await b.exchange({ ...REQUEST, channel });
    await b.exchange({ ...REQUEST, channel, seq: 2, settle: claimed.map((one) => succeed(one)) });
  }],
  stats: [["worker", ...LOOKERS], (b) => b.stats()],
  dead: [["worker", ...LOOKERS], (b) => b.dead({ limit: 10 })],
  check: [["worker", ...LOOKERS], (b) => b.check({ repair: false })],
  repair: [["worker", "operator"], async (b) => {
    let after: string | undefined;
    do after = (await b.check({ repair: true, after })).next; while (after !== undefined);
  }],
  wake: [["worker", "operator"], (b) => {
    const stop = new AbortController();
    const { signal } = stop;
    return b.wake!({ queues: ["q"], id: "a", signal, onLive: () => stop.abort(), onCall() {} });
  }],
  redrive: [["operator"], (b) => b.redrive([message("m")], "op")],
  discard: [["operator"], (b) => b.discard([{ ...message("m"), result: "" }], OP)],
};
/** A producer's commands are a worker's, too; and nothing is changed where nothing is dead or broken. */
const NOT_TOLD_APART = ["exchange", "redrive", "discard", "repair"];

async function openUsers(preloaded: boolean) {
  const resources = new AsyncDisposableStack();
  const server = resources.use(await startRedisServer());
  const admin = new Redis(server.url);
  resources.defer(() => void admin.disconnect());
  for (const role of ROLES) {
    const rules = redisAcl(role, { namespace: NAMESPACE, preloaded }).split(" ");
    await admin.call("ACL", "SETUSER", role, "on", ">secret", ...rules);
  }
  if (preloaded) { for (const { source } of redisScripts) await admin.script("LOAD", source); }
  await admin.set("foreign", "1");
  const connect = (role: Role) => {
    const redis = new Redis(urlOf(server, role));
    resources.defer(() => void redis.disconnect());
    return redis;
  };
  return { server, admin, connect, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

const urlOf = ({ port }: RedisServer, role: Role) => `redis://${role}:secret@127.0.0.1:${port}`;

for (const preloaded of [false, true]) {
  const how = preloaded ? "with scripts that are loaded ahead" : "with EVAL";
  Deno.test(`redisAcl() gives each role what it needs and no more, ${how}`, async () => {
    await using users = await openUsers(preloaded);
    for (const role of ROLES) {
      const client = ioredisClient(users.connect(role));
      const broker = new RedisBroker({ client, namespace: NAMESPACE, retries: 0 });
      for (const [name, [allowed, act]] of Object.entries(WORK)) {
        if (allowed.includes(role)) await act(broker);
        else if (!NOT_TOLD_APART.includes(name) || name === "exchange" && role === "reader") {
          const error = await assertRejects(() => act(broker), BrokerError, "lacks a permission");
          assert(!error.retryable, `${role} ${name}`);
        }
      }
    }
  });
}

Deno.test("redisAcl() keeps users from everything outside of their part", async () => {
  await using users = await openUsers(true);
  const tries = [
    ...[["FLUSHALL"], ["CONFIG", "GET", "*"], ["KEYS", "*"], ["SCRIPT", "FLUSH"], ["ACL", "LIST"]],
    ...[["GET", "foreign"], ["SET", "foreign", "2"], ["HMGET", "{other}:msg", "a"], ["MONITOR"]],
    ...[["EVAL", "return 1", "0"], ["EVAL", "return redis.call('GET', 'foreign')", "0"]],
    ...[["SUBSCRIBE", "a"], ["CLIENT", "LIST"], ["SHUTDOWN"]],
  ];
  for (const role of ROLES) {
    const redis = users.connect(role);
    for (const [name, ...args] of tries) {
      await assertRejects(() => redis.call(name!, ...args), Error, "NOPERM");
    }
  }
});

Deno.test("redisAcl() with EVAL lets no script reach beyond its namespace", async () => {
  await using users = await openUsers(false);
  const redis = users.connect("operator");
  for (const call of ["'GET','foreign'", "'FLUSHALL'", "'SET','{other}:msg','1'"]) {
    await assertRejects(
      () => redis.eval(`return redis.call(${call})`, 0),
      Error,
      "The user executing",
    );
  }
});

const reach = ({ url, token }: RedisGateway) => ({ url, token });

Deno.test("redisAcl() users work through the gateway", async () => {
  await using users = await openUsers(false);
  await using gateway = await redisGateway({ redis: urlOf(users.server, "worker") });
  const { url, token } = gateway;
  const broker = new RedisBroker({ url, token, namespace: NAMESPACE, retries: 0 });
  await broker.push([message("m")]);
  assertEquals((await broker.exchange(REQUEST)).claimed.length, 1);
  await using other = await redisGateway({ redis: urlOf(users.server, "producer") });
  const producer = new RedisBroker({ ...reach(other), namespace: NAMESPACE, retries: 0 });
  await assertRejects(() => producer.stats(), BrokerError, "lacks a permission");
});

Deno.test("redisAcl() refuses what is no role, and what is no namespace", () => {
  assertThrows(() => redisAcl("root" as never), TypeError, "producer, worker");
  for (const namespace of ["*", "a} b", "", "x".repeat(65)]) {
    assertThrows(() => redisAcl("reader", { namespace }), TypeError, "namespace");
  }
});
