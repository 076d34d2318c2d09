import { assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { Dabba, defineTask } from "@dabba/queue";
import * as whole from "@dabba/queue";
import { dabbaRoutes, enqueue, enqueued, withTasks } from "@dabba/queue/hono";
import {
  BrokerError,
  defineTask as defineContract,
  Producer,
  redisProducer,
} from "@dabba/queue/producer";
import { redisBroker } from "@dabba/queue/redis";
import { memoryBroker } from "@dabba/queue/testing";
import { Hono } from "hono";
import { hc } from "hono/client";
import { z } from "zod";
import { type RedisGateway, redisGateway } from "../support/redis_gateway.ts";

const SECRET = "lunch-at-twelve-sharp";
const greet = defineContract("greet", { input: z.object({ name: z.string() }) });

/** A producer, and a Dabba with a worker, which meet in Redis only. */
function pair({ url, token, namespace }: RedisGateway) {
  const place = { url, token, namespace };
  const producer = new Producer({ broker: redisProducer(place), tasks: { greet } });
  const tasks = { greet: greet.handler(({ name }) => `Hello, ${name}`) };
  const dabba = new Dabba({ broker: redisBroker(place), tasks });
  return { producer, dabba };
}

function appOf(producer: Producer<{ greet: typeof greet }>) {
  return new Hono()
    .use(withTasks(producer))
    .post("/greetings/:name", async (c) => {
      return enqueued(c, await c.var.tasks.greet.enqueue({ name: c.req.param("name") }));
    })
    .post("/greetings", enqueue(producer.tasks.greet))
    .route("/dabba", dabbaRoutes(producer, { secret: SECRET }));
}

Deno.test("Producer.enqueue() stores what a worker elsewhere runs, and reads its result", async () => {
  await using server = await redisGateway();
  const { producer, dabba } = pair(server);
  const receipt = await producer.tasks.greet.enqueue({ name: "Ada" });
  assertEquals([(await receipt.status()).state, producer.taskNames], ["ready", ["greet"]]);
  assertEquals((await dabba.worker().drain()).succeeded, 1);
  assertEquals(await receipt.result(), "Hello, Ada");
  assertEquals(await producer.result(receipt.id), "Hello, Ada");
});

Deno.test("Producer.cancel() stops a message, and stats() counts the others", async () => {
  await using server = await redisGateway();
  const { producer } = pair(server);
  const [first] = await producer.tasks.greet.enqueueMany([{ name: "Ada" }, { name: "Bob" }]);
  assertEquals(await producer.cancel(first!.id), true);
  assertEquals((await producer.status(first!.id)).state, "cancelled");
  assertEquals((await producer.inspect.stats()).queues.map(({ ready }) => ready), [1]);
  await producer.close();
  await assertRejects(() => producer.tasks.greet.enqueue({ name: "Cy" }), BrokerError, "closed");
});

Deno.test("Producer refuses what it cannot do, before any I/O", async () => {
  const broker = redisProducer({ url: "http://127.0.0.1:1", token: "t" });
  const make = (options: unknown) => () => new Producer(options as never);
  assertThrows(make({ tasks: { greet } }), TypeError, "redisProducer({ url, token })");
  assertThrows(make({ broker }), TypeError, "without tasks");
  assertThrows(make(undefined), TypeError, "without tasks");
  const producer = new Producer({ broker, tasks: { greet } });
  assertThrows(() => withTasks(producer, { kick: {} } as never), TypeError, "no worker");
  const drain = { secret: SECRET, routes: { drain: true } } as never;
  assertThrows(() => dabbaRoutes(producer, drain), TypeError, "no worker");
  await assertRejects(() => producer.tasks.greet({ name: "Ada" }), Error, "only its contract");
});

Deno.test("A producer goes into the middleware and the routes, but for /drain", async () => {
  await using server = await redisGateway();
  const { producer, dabba } = pair(server);
  const app = appOf(producer);
  const taken = await app.request("/greetings/Ada", { method: "POST" });
  assertEquals(taken.status, 202);
  const place = taken.headers.get("location")!;
  assertEquals((await (await app.request(place)).json()).state, "ready");
  assertEquals((await app.request("/dabba/healthz")).status, 200);
  const headers = { authorization: `Bearer ${SECRET}` };
  const drained = await app.request("/dabba/drain", { method: "POST", headers });
  assertEquals([drained.status, (await drained.json()).error.code], [404, "no_worker"]);
  assertEquals((await dabba.worker().drain()).succeeded, 1);
  assertEquals((await (await app.request(place)).json()).output, "Hello, Ada");
});

Deno.test("hc() knows a producer's routes, and that it has no /drain", async () => {
  await using server = await redisGateway();
  const app = appOf(pair(server).producer);
  const fetcher: typeof fetch = async (input, init) => await app.request(input as string, init);
  const headers = { authorization: `Bearer ${SECRET}` };
  const client = hc<typeof app>("http://localhost", { fetch: fetcher, headers });
  const param = { name: "greet" };
  const named = await client.dabba.tasks[":name"].$post({ param, json: { name: "Ada" } });
  assertEquals(named.status satisfies number, 202);
  // @ts-expect-error a producer drains nothing
  client.dabba.drain;
  // @ts-expect-error the input is not checked away
  client.dabba.tasks[":name"].$post({ param, json: { nam: "Ada" } });
});

Deno.test("A Dabba is a producer, and contracts of either module are the same", async () => {
  await using dabba = new Dabba({ broker: memoryBroker(), tasks: { greet } });
  assertInstanceOf(dabba, Producer);
  assertEquals([whole.Producer === Producer, defineTask === defineContract], [true, true]);
  assertEquals((await dabba.tasks.greet.enqueue({ name: "Ada" })).disposition, "enqueued");
});
