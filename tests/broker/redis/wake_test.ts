/** Wake-ups over a real Redis: through the gateway, and over TCP. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Redis } from "ioredis";
import { Dabba, defineTask } from "@dabba/queue";
import { ioredisClient, redisBroker } from "@dabba/queue/redis";
import { z } from "zod";
import type { Broker } from "../../../src/broker/broker.ts";
import { listenOverHttp } from "../../../src/broker/redis/event_source.ts";
import { readCalls } from "../../../src/broker/redis/wake.ts";
import { type RedisGateway, redisGateway } from "../../support/redis_gateway.ts";
import { Random } from "../contract/random.ts";
import { sandbox } from "../../simulation/sandbox.ts";
import { FakeClock } from "../../worker/fake_clock.ts";
import { newChannel } from "../contract/messages.ts";
import { countCommands, openRig } from "./rig.ts";

const note = defineTask("note", { input: z.number() }, () => {});

function openBroker({ url, token, namespace }: RedisGateway): Broker {
  return redisBroker({ url, token, namespace });
}

/** A worker that looks once an hour: what it starts sooner, it was called for. */
async function runCalled(broker: Broker) {
  const stop = new AbortController();
  const dabba = new Dabba({ broker, tasks: { note } });
  const listening = Promise.withResolvers<void>();
  // The first look, which leaves its word, comes after a subscription that is there.
  const slept = Promise.withResolvers<void>();
  let live = false;
  dabba.on("listening", () => {
    live = true;
    listening.resolve();
  });
  const { exchange } = broker;
  broker.exchange = async (request) => {
    const reply = await exchange.call(broker, request);
    if (live && request.sleeper) slept.resolve();
    return reply;
  };
  const polling = { min: "1h", max: "1h" } as const;
  const done = dabba.worker({ polling, signals: false }).run({ signal: stop.signal });
  await listening.promise;
  await slept.promise;
  const succeeded = () => new Promise<void>((resolve) => dabba.on("succeeded", () => resolve()));
  return {
    dabba,
    succeeded,
    stop: () => {
      stop.abort();
      return done;
    },
  };
}

Deno.test("RedisBroker.wake() over HTTP starts at once what another process enqueues", async () => {
  await using server = await redisGateway();
  const worker = await runCalled(openBroker(server));
  const { tasks } = new Dabba({ broker: openBroker(server), tasks: { note } });
  const end = worker.succeeded();
  await tasks.note.enqueue(1);
  await end;
  const { claimed } = await worker.stop();
  assertEquals(claimed, 1);
  // The gateway unsubscribes when it sees that the client has gone.
  const channel = `{${server.namespace}}:msg`;
  while ((await server.redis.pubsub("CHANNELS", channel)).length > 0) await server.redis.ping();
});

Deno.test("RedisBroker.wake() over TCP starts at once what another process enqueues", async () => {
  await using server = await redisGateway();
  const redis = new Redis(server.redisPort, "127.0.0.1");
  const { namespace } = server;
  const worker = await runCalled(redisBroker({ client: ioredisClient(redis), namespace }));
  const { tasks } = new Dabba({ broker: openBroker(server), tasks: { note } });
  const end = worker.succeeded();
  await tasks.note.enqueue(1);
  await end;
  assertEquals((await worker.stop()).claimed, 1);
  await redis.quit();
});

Deno.test("RedisBroker.wake() over TCP ends when its connection is lost", async () => {
  await using server = await redisGateway();
  const redis = new Redis(server.redisPort, "127.0.0.1");
  const connections: Redis[] = [];
  const { duplicate } = redis;
  redis.duplicate = (options) => {
    const connection = duplicate.call(redis, options);
    connections.push(connection);
    return connection;
  };
  const broker = redisBroker({ client: ioredisClient(redis), namespace: server.namespace });
  const { signal } = new AbortController();
  await new Promise<void>((resolve) => {
    const watch = { queues: ["q"], id: "a", signal, onCall() {} };
    broker.wake!({ ...watch, onLive: () => connections[0]!.stream.destroy() }).then(resolve);
  });
  await redis.quit();
});

Deno.test("RedisBroker.wake() rejects where there are no subscriptions", async () => {
  await using server = await redisGateway({
    intercept: (request, forward) =>
      request.url.includes("/subscribe/") ? new Response("<p>404</p>", { status: 404 }) : forward(
        request,
      ),
  });
  const { signal } = new AbortController();
  const watch = { queues: ["q"], id: "a", signal, onLive() {}, onCall() {} };
  await assertRejects(() => openBroker(server).wake!(watch), Error, "listen for messages");
});

Deno.test("listenOverHttp() gives up a stream that has fallen silent, or was never opened", async () => {
  for (const first of ["data: subscribe,c,1\n\n: keep-alive\n\n", ""]) {
    const asked = Promise.withResolvers<void>();
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
      const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
        start: (controller) => controller.enqueue(new TextEncoder().encode(first)),
        cancel() {},
      });
      asked.resolve();
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    });
    const clock = new FakeClock();
    const url = `http://127.0.0.1:${server.addr.port}`;
    const opened = Promise.withResolvers<void>();
    {
      using _ = sandbox(clock, new Random(1));
      const { signal } = new AbortController();
      const listener = { opened: () => opened.resolve(), told() {}, signal };
      const ended = listenOverHttp({ url, token: "t", timeoutMs: 5_000 }, "c", listener);
      const rejected = assertRejects(() => ended, DOMException, "deadline");
      await (first === "" ? asked.promise : opened.promise);
      await clock.until(rejected, 60_000);
      assert(first === "" ? clock.now() === 5_000 : clock.now() === 45_000, `${clock.now()}`);
    }
    await server.shutdown();
  }
});

Deno.test("readCalls() takes what concerns the worker, and nothing of what is no call", () => {
  const watch = { queues: ["a", "b"], id: "me" };
  assertEquals(readCalls("a:n 0 you.1 me.7|b:h 500|c:n 0 me.7|", watch), [
    { waitMs: 0, look: 7 },
    { waitMs: 500 },
  ]);
  assertEquals(readCalls("a:n 0 mean.7", watch), [{ waitMs: 0 }]);
  for (const text of ["", "a:n", "a:n x", "|", "a:n -5 me.1"]) {
    assertEquals(readCalls(text, watch), []);
  }
});

Deno.test("RedisBroker.push() to a sleeper costs one command more, to none nothing", async () => {
  await using rig = await openRig({ serverClock: true, ownServer: true });
  const { stage } = rig;
  await stage.push("warm");
  const channel = newChannel();
  const look = (seq: number) =>
    stage.exchange({ channel, seq, sleeper: `me.${seq}`, claim: { queues: ["q"], max: 10 } });
  await look(1);
  const looks = await countCommands(rig, () => look(2));
  assertEquals(looks.sort(), ["evalsha", "hmget", "hset", "time"]);
  const called = await countCommands(rig, () => stage.push("a", "b"));
  assertEquals(called.sort(), ["evalsha", "hmget", "hset", "publish", "time", "zadd"]);
  const quiet = await countCommands(rig, () => stage.push("c"));
  assertEquals(quiet.sort(), ["evalsha", "hmget", "hset", "time", "zadd"]);
});

/** What gateways send to Redis while an idle worker probes so many times, as it is billed. */
async function billProbes(queues: readonly string[], probes: number) {
  let seen = 0;
  const [paused, done] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const [go, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using own = await openRig({
    serverClock: true,
    ownServer: true,
    intercept: async (request, forward) => {
      if (new URL(request.url).pathname !== "/") return await forward(request);
      const text = await request.text();
      if (text.includes("HMGET")) {
        seen++;
        if (seen === 3) {
          paused.resolve();
          await go.promise;
        } else if (seen === 3 + probes) {
          done.resolve();
          await end.promise;
        }
      }
      const { url, headers } = request;
      return await forward(new Request(url, { method: "POST", headers, body: text }));
    },
  });
  const { server } = own;
  const stop = new AbortController();
  const dabba = new Dabba({ broker: own.broker, tasks: { note } });
  const polling = { min: 1, max: 2 };
  const run = dabba.worker({ queues, polling, wake: false, signals: false })
    .run({ signal: stop.signal });
  const bill = async (method: string) => {
    const headers = { authorization: `Bearer ${server.token}` };
    return await (await fetch(`${server.url}/billing`, { method, headers })).json();
  };
  await paused.promise;
  await bill("DELETE");
  go.resolve();
  await done.promise;
  const { result } = await bill("GET");
  end.resolve();
  stop.abort();
  await run;
  return result.byCommand;
}

for (const count of [1, 50]) {
  Deno.test(`Worker.run() that is idle is billed one command a probe of ${count} queues`, async () => {
    const queues = Array.from({ length: count }, (_, i) => `q${i}`);
    assertEquals(await billProbes(queues, 20), { hmget: 20 });
  });
}
