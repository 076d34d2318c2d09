/**
 * Ten thousand requests at once to a Hono route: each is answered 202, each message is processed.
 * Times are printed, not asserted: machines differ. The number of requests to Redis is asserted.
 */
import { assert, assertEquals } from "@std/assert";
import { type Broker, Dabba, defineTask } from "@dabba/queue";
import { enqueued, withTasks } from "@dabba/queue/hono";
import { redisBroker } from "@dabba/queue/redis";
import { sqliteBroker } from "@dabba/queue/sqlite";
import { Hono } from "hono";
import { z } from "zod";
import { redisGateway } from "../support/redis_gateway.ts";
import { json } from "./greeter.ts";

const COUNT = 10_000;

interface Figures {
  /** From the first request to the last answer, in milliseconds. */
  readonly answeredMs: number;
  /** From the first request to the last message processed, in milliseconds. */
  readonly processedMs: number;
}

/** Sends a request to the app. */
type Send = (app: Hono, init: RequestInit) => Promise<Response>;

const inProcess: Send = async (app, init) => await app.request("/greetings", init);

/** Sends all requests before any answer, and works them off; fails unless all of it is whole. */
async function manyRequests(broker: Broker, send: Send): Promise<Figures> {
  const handled = new Map<number, number>();
  const input = z.object({ number: z.number().int() });
  const count = defineTask("count", { input }, ({ number }) => {
    handled.set(number, (handled.get(number) ?? 0) + 1);
  });
  await using dabba = new Dabba({ broker, tasks: { count } });
  const app = new Hono().use(withTasks(dabba)).post("/greetings", async (c) => {
    return enqueued(c, await c.var.tasks.count.enqueue(await c.req.json()));
  }) as never as Hono;
  const begun = performance.now();
  const answers = await Promise.all(
    Array.from({ length: COUNT }, async (_, number) => {
      const response = await send(app, json({ number }));
      const { id } = await response.json();
      return { status: response.status, id };
    }),
  );
  const answeredMs = performance.now() - begun;
  assertEquals(answers.filter(({ status }) => status !== 202), []);
  assertEquals(new Set(answers.map(({ id }) => id)).size, COUNT);
  const { succeeded } = await dabba.worker({ concurrency: 1_000 }).drain();
  const processedMs = performance.now() - begun;
  assertEquals(succeeded, COUNT);
  assertEquals(handled.size, COUNT);
  assert([...handled.values()].every((times) => times === 1));
  return { answeredMs, processedMs };
}

function print(where: string, { answeredMs, processedMs }: Figures, requests?: number): void {
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(2)} s`;
  const cost = requests === undefined ? "" : `, ${requests} HTTP requests to Redis`;
  // deno-lint-ignore no-console -- these are the figures that the project states
  console.log(
    `${COUNT} requests at once, ${where}: answered after ${seconds(answeredMs)}, ` +
      `processed after ${seconds(processedMs)}${cost}`,
  );
}

Deno.test("10,000 requests at once are all answered 202 and processed, on SQLite", async () => {
  const file = await Deno.makeTempFile({ suffix: ".db" });
  try {
    print("SQLite file", await manyRequests(sqliteBroker({ path: file }), inProcess));
  } finally {
    for (const suffix of ["", "-wal", "-shm"]) await Deno.remove(file + suffix).catch(() => {});
  }
});

Deno.test("10,000 requests at once are all answered 202 and processed, for tens of requests to Redis", async () => {
  await using server = await redisGateway();
  const { url, token, namespace } = server;
  const figures = await manyRequests(redisBroker({ url, token, namespace }), inProcess);
  print("Redis over HTTP", figures, server.requests);
  assert(server.requests <= 100, `It took ${server.requests} requests to Redis`);
});

Deno.test("10,000 requests over 1,000 sockets are all answered 202 and processed", async () => {
  await using redis = await redisGateway();
  const { url, token, namespace } = redis;
  let serve: (request: Request) => Response | Promise<Response>;
  const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
  await using server = Deno.serve(options, (request) => serve(request));
  const socket = turnstile(1_000);
  const send: Send = async (app, init) => {
    serve = app.fetch;
    using _ = await socket();
    const response = await fetch(`http://127.0.0.1:${server.addr.port}/greetings`, init);
    return new Response(await response.arrayBuffer(), response);
  };
  const figures = await manyRequests(redisBroker({ url, token, namespace }), send);
  print("1,000 sockets, Redis over HTTP", figures, redis.requests);
  // Requests come as the sockets bring them, no longer all in one turn.
  assert(redis.requests <= COUNT / 20, `It took ${redis.requests} requests to Redis`);
});

/** Lets so many through at a time: a process may have only so many files open. */
function turnstile(places: number): () => Promise<Disposable> {
  const waiting: (() => void)[] = [];
  return async () => {
    if (places > 0) places--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    return {
      [Symbol.dispose]() {
        const next = waiting.shift();
        if (next) next();
        else places++;
      },
    };
  };
}
