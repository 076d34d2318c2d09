import { assertEquals, assertInstanceOf, assertNotEquals, assertRejects } from "@std/assert";
import { Redis } from "@upstash/redis";
import { cutOff, hangUp, type RedisGateway, redisGateway } from "./redis_gateway.ts";

function client({ url, token }: RedisGateway, retries = 0): Redis {
  return new Redis({ url, token, retry: { retries, backoff: () => 1 } });
}

Deno.test("redisGateway() gives each call its own gateway, token and namespace", async () => {
  await using one = await redisGateway();
  await using other = await redisGateway();
  assertNotEquals(one.namespace, other.namespace);
  await assertRejects(() => client({ ...one, token: other.token }).ping(), Error, "WRONGPASS");
  assertEquals([one.requests, other.requests], [1, 0]);
});

Deno.test("redisGateway() shows what is in Redis", async () => {
  await using server = await redisGateway();
  await client(server).set(server.namespace, "a");
  assertEquals(await server.redis.get(server.namespace), "a");
});

Deno.test("hangUp() before forward() is a request that never arrived", async () => {
  await using server = await redisGateway({ intercept: () => hangUp() });
  assertInstanceOf(await assertRejects(() => client(server).incr(server.namespace)), TypeError);
  assertEquals(await server.redis.exists(server.namespace), 0);
  assertEquals(server.requests, 1);
});

Deno.test("hangUp() after forward() is a reply lost, and the client sends it again", async () => {
  await using server = await redisGateway({
    intercept: async (request, forward) => {
      await forward(request);
      return hangUp();
    },
  });
  await assertRejects(() => client(server, 2).incr(server.namespace), TypeError);
  assertEquals([server.requests, await server.redis.get(server.namespace)], [3, "3"]);
});

Deno.test("cutOff() is a reply that breaks off, and the client does not send it again", async () => {
  await using server = await redisGateway({
    intercept: async (request, forward) => cutOff(await forward(request), 5),
  });
  const error = await assertRejects(() => client(server, 2).incr(server.namespace), TypeError);
  assertEquals(error.message, "error reading a body from connection");
  assertEquals([server.requests, await server.redis.get(server.namespace)], [1, "1"]);
});

Deno.test("intercept may answer in the gateway's place, and let the next one pass", async () => {
  let bad = true;
  await using server = await redisGateway({
    intercept: (request, forward) => {
      if (!bad) return forward(request);
      bad = false;
      return new Response("<h1>502 Bad Gateway</h1>", { status: 502 });
    },
  });
  await assertRejects(() => client(server).ping(), Error, "<h1>502 Bad Gateway</h1>");
  assertEquals(await client(server).ping(), "PONG");
});

Deno.test("intercept sees the command that is sent", async () => {
  const seen: string[] = [];
  await using server = await redisGateway({
    intercept: async (request, forward) => {
      seen.push(new URL(request.url).pathname, await request.clone().text());
      return await forward(request);
    },
  });
  assertEquals(await client(server).echo("héllo"), "héllo");
  assertEquals(seen, ["/pipeline", '[["echo","héllo"]]']);
});

Deno.test("intercept that throws is answered with 500 and its error", async () => {
  await using server = await redisGateway({
    intercept: () => {
      throw new Error("went off");
    },
  });
  const response = await fetch(server.url, { method: "POST" });
  assertEquals([response.status, (await response.text()).includes("went off")], [500, true]);
});
