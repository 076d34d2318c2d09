import { assertEquals, assertMatch } from "@std/assert";
import { type RedisGateway, redisGateway } from "../support/redis_gateway.ts";
import { startRedisServer } from "../support/redis_server.ts";
import { gateway } from "../../src/gateway/mod.ts";
import { call } from "./call.ts";

Deno.test("POST /pipeline ends with WAIT when a replica has the writes", async () => {
  await using main = await startRedisServer({ config: { "repl-diskless-sync-delay": "0" } });
  await using copy = await startRedisServer();
  await using server = await redisGateway({ redis: main.url });
  await using replica = await redisGateway({ redis: copy.url });
  await replica.redis.replicaof("127.0.0.1", main.port);
  for (let i = 0; i < 3; i++) {
    const { status, json } = await call(server, "/pipeline", [
      ["SET", `a${i}`, i],
      ["LPUSH", `a${i}`, 1],
      ["WAIT", 1, 10_000],
    ]);
    assertEquals(status, 200);
    const [set, push, wait] = json as [unknown, { error: string }, unknown];
    assertEquals([set, wait], [{ result: "OK" }, { result: 1 }]);
    assertMatch(push.error, /^WRONGTYPE/);
    // Acknowledged by the replica means that it is there to be read.
    assertEquals(await replica.redis.get(`a${i}`), String(i));
  }
});

Deno.test("POST /pipeline tells how few replicas there are when WAIT's time is up", async () => {
  await using server = await redisGateway();
  const { json } = await call(server, "/pipeline", [["SET", server.namespace, 1], ["WAIT", 1, 1]]);
  assertEquals(json, [{ result: "OK" }, { result: 0 }]);
});

Deno.test("POST /pipeline with WAIT holds up no other request, not even one with WAIT", async () => {
  await using own = await startRedisServer();
  await using server = await redisGateway({ redis: own.url });
  const long = [["SET", "a", 1], ["WAIT", 5, 10_000]];
  const held = [call(server, "/pipeline", long), call(server, "/pipeline", long)];
  const over = new AbortController();
  Promise.all(held).then(() => over.abort());
  const ids = await untilWaiting(server, 2, over.signal);
  assertEquals(ids.length, 2);
  assertEquals((await call(server, "/", ["GET", "a"])).json, { result: "1" });
  assertEquals((await call(server, "/pipeline", [["WAIT", 5, 1]])).json, [{ result: 0 }]);
  for (const id of ids) await server.redis.client("UNBLOCK", id);
  for (const { json } of await Promise.all(held)) {
    assertEquals(json, [{ result: "OK" }, { result: 0 }]);
  }
});

/** Resolves with the ids of the connections that wait, when there are as many as said or all is over. */
async function untilWaiting(
  { redis }: RedisGateway,
  count: number,
  over: AbortSignal,
): Promise<number[]> {
  for (;;) {
    const lines = String(await redis.client("LIST")).split("\n");
    const ids = lines.filter((line) => /flags=[^ ]*b.* cmd=wait /.test(line))
      .map((line) => Number(/^id=(\d+)/.exec(line)?.[1]));
    if (ids.length === count || over.aborted) return ids;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

Deno.test("POST /pipeline takes no WAIT without an end, nor before its end", async () => {
  await using server = await redisGateway();
  const refused = /ERR 'WAIT(AOF)?' needs a timeout of 1 to 10000 milliseconds/;
  for (const wait of [["WAIT", 1, 0], ["WAIT", 1, 10_001], ["WAIT", 1], ["WAITAOF", 1, 1, "x"]]) {
    const { status, json } = await call(server, "/pipeline", [["PING"], wait]);
    assertEquals([status, (json as unknown[])[0]], [200, { result: "PONG" }]);
    assertMatch((json as { error: string }[])[1]!.error, refused);
  }
  const { json } = await call(server, "/pipeline", [["WAIT", 1, 1], ["PING"]]);
  assertMatch((json as { error: string }[])[0]!.error, /ERR Command is not available: 'WAIT'/);
});

Deno.test("WAIT is refused where it would count the writes of others", async () => {
  await using server = await redisGateway();
  for (const [path, body] of [["/", ["WAIT", 1, 1]], ["/multi-exec", [["WAIT", 1, 1]]]] as const) {
    const { status, text } = await call(server, path, body);
    assertEquals(status, 400);
    assertMatch(text, /ERR Command is not available: 'WAIT'/);
  }
});

Deno.test("POST /pipeline with WAIT is not run for a caller that hung up before its turn", async () => {
  await using own = await startRedisServer();
  const face = gateway({ redis: own.url, token: "t" });
  await using server = await redisGateway({ redis: own.url });
  const send = (body: unknown, signal?: AbortSignal) =>
    face.fetch(
      new Request("http://gate/pipeline", {
        ...{ method: "POST", headers: { authorization: "Bearer t" }, signal },
        body: JSON.stringify(body),
      }),
    );
  const held = Array.from({ length: 16 }, () => send([["SET", "a", 1], ["WAIT", 5, 10_000]]));
  const ids = await untilWaiting(server, 16, new AbortController().signal);
  const caller = new AbortController();
  const gone = send([["SET", "gone", 1], ["WAIT", 5, 10_000]], caller.signal);
  const next = send([["SET", "next", 1], ["WAIT", 0, 1]]);
  caller.abort();
  await server.redis.client("UNBLOCK", ids[0]!);
  assertEquals([(await gone).status, (await next).status], [503, 200]);
  assertEquals(await server.redis.mget("gone", "next"), [null, "1"]);
  for (const id of ids.slice(1)) await server.redis.client("UNBLOCK", id);
  await Promise.all(held);
  await face.close();
});
