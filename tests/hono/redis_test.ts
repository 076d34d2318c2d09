/** The routes on Redis over HTTP, where the store is really away, full, or refuses. */
import { assert, assertEquals } from "@std/assert";
import { redisBroker, restClient } from "@dabba/queue/redis";
import { hangUp, type RedisGateway, redisGateway } from "../support/redis_gateway.ts";
import { startRedisServer } from "../support/redis_server.ts";
import { BEARER, greeter, json, routes } from "./greeter.ts";

function brokerOf({ url, token, namespace }: RedisGateway) {
  return redisBroker({ url, token, namespace, retries: 0 });
}

const post = () => json({ name: "canary-4711" }, BEARER);
const TASK = "/dabba/tasks/greet";

Deno.test("The routes serve a message from enqueue to result, on Redis over HTTP", async () => {
  await using server = await redisGateway();
  await using dabba = greeter({ broker: brokerOf(server) });
  const app = routes(dabba);
  const response = await app.request(TASK, json({ name: "Ada" }, BEARER));
  const { id, status } = await response.json();
  assertEquals([response.status, (await (await app.request(status)).json()).state], [202, "ready"]);
  const events = (await app.request(`${status}/events`)).text();
  const drained = await app.request("/dabba/drain", { method: "POST", headers: BEARER });
  assertEquals((await drained.json()).succeeded, 1);
  assert((await events).includes(`event: result\nid: succeeded.1.0.0\ndata: {"id":"${id}"`));
  assertEquals((await (await app.request(status)).json()).output, "Hello, Ada");
  assertEquals((await app.request("/dabba/healthz")).status, 200);
});

Deno.test("The routes answer 503 while Redis is down, and serve again when it is back", async () => {
  await using redis = await startRedisServer();
  await using server = await redisGateway({ redis: redis.url });
  await using dabba = greeter({ broker: brokerOf(server) });
  const app = routes(dabba);
  assertEquals((await app.request(TASK, post())).status, 202);
  await redis.kill();
  for (const [path, init] of [[TASK, post()], ["/dabba/messages/a", {}]] as const) {
    const response = await app.request(path, init);
    const text = await response.text();
    assertEquals([response.status, response.headers.get("retry-after")], [503, "5"]);
    for (const secret of [server.token, new URL(server.url).host, "canary-4711"]) {
      assertEquals(text.includes(secret), false);
    }
  }
  const health = await app.request("/dabba/healthz");
  assertEquals([health.status, (await health.json()).reason], [503, "unreachable"]);
  await redis.restart();
  assertEquals((await app.request(TASK, post())).status, 202);
  assertEquals((await app.request("/dabba/healthz")).status, 200);
});

Deno.test("POST /tasks/:name answers 503 when Redis is full", async () => {
  await using redis = await startRedisServer();
  await using server = await redisGateway({ redis: redis.url });
  await using dabba = greeter({ broker: brokerOf(server) });
  const app = routes(dabba);
  assertEquals((await app.request(TASK, post())).status, 202);
  await server.redis.config("SET", "maxmemory", "1");
  const response = await app.request(TASK, post());
  assertEquals([response.status, (await response.json()).error.code], [503, "broker"]);
});

Deno.test("The routes answer 500 without details when Redis refuses their token", async () => {
  await using server = await redisGateway();
  const token = "canary-4711-as-a-token";
  await using dabba = greeter({ broker: brokerOf({ ...server, token }) });
  const response = await routes(dabba).request(TASK, post());
  const text = await response.text();
  assertEquals(response.status, 500);
  assertEquals(text, '{"error":{"code":"broker","message":"The store refused the request"}}');
});

Deno.test("GET /messages/:id/events waits out an outage of Redis", async () => {
  const back = Promise.withResolvers<void>();
  let lost = -1;
  await using server = await redisGateway({
    intercept(request, forward) {
      if (lost < 0) return forward(request);
      if (++lost === 3) {
        lost = -1;
        back.resolve();
      }
      return hangUp();
    },
  });
  await using dabba = greeter({ broker: brokerOf(server) });
  const { id } = await dabba.tasks.greet.enqueue({ name: "Ada" });
  const response = await routes(dabba).request(`/dabba/messages/${id}/events`);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("event: state")) text += (await reader.read()).value;
  lost = 0;
  const working = back.promise.then(() => dabba.worker().drain());
  for (let more = await reader.read(); !more.done; more = await reader.read()) text += more.value;
  await working;
  assert(text.includes("event: result"));
});

Deno.test("The routes pass on how long the store wants to be left alone", async () => {
  const answers = ["2", "20", "86400"];
  await using server = await redisGateway({
    intercept: () => {
      const headers = { "retry-after": answers.shift()! };
      return Response.json({ error: "ERR too many requests" }, { status: 429, headers });
    },
  });
  const { namespace } = server;
  const broker = redisBroker({ client: restClient(server), namespace, retries: 0 });
  await using dabba = greeter({ broker });
  const app = routes(dabba);
  const waits: (string | null)[] = [];
  while (answers.length > 0) {
    const response = await app.request(TASK, post());
    await response.body?.cancel();
    waits.push(response.headers.get("retry-after"));
  }
  // Five seconds at least, an hour at most.
  assertEquals(waits, ["5", "20", "3600"]);
});
