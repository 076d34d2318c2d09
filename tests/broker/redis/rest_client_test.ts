import { assert, assertEquals, assertLessOrEqual, assertRejects } from "@std/assert";
import { redisBroker, restClient, RestError } from "../../../src/broker/redis/mod.ts";
import { BrokerError } from "../../../src/errors.ts";
import { hangUp, type Intercept, redisGateway } from "../../support/redis_gateway.ts";
import { openRig } from "./rig.ts";

const CANARY = "canary-in-a-payload";

/** A gateway that answers what it is told to. */
const answering = (answer: Intercept) => redisGateway({ intercept: answer });

Deno.test("restClient() hands texts over as they are", async () => {
  await using rig = await openRig({ messy: true });
  const client = restClient(rig.server);
  const key = rig.key("text");
  for (const text of ["", "007", "true", "[1]", "aGk=", "\uFEFFé", "OK", "😀\u0000"]) {
    await client.command("SET", key, text);
    assertEquals(await client.command("GET", key), text);
    const script = "return { ARGV[1], { KEYS[1] }, 7, false }";
    assertEquals(await client.eval(script, [key], [text]), [text, [key], 7, null]);
  }
  assertEquals(await client.command("GET", rig.key("none")), null);
});

Deno.test("restClient() sends nothing again by itself", async () => {
  await using server = await answering(() => hangUp());
  await assertRejects(() => restClient(server).eval("return 1", [], []), TypeError);
  // Deno's fetch may, once, where a connection that was used before is reset.
  assertLessOrEqual(server.requests, 2);
});

Deno.test("restClient() runs commands on one connection, and puts errors in their places", async () => {
  await using server = await redisGateway();
  const key = `${server.namespace}:n`;
  const replies = await restClient(server).series([["INCR", key], ["HGET", key, "f"], [
    "GET",
    key,
  ]]);
  assertEquals([replies[0], replies[2]], [1, "1"]);
  assert(replies[1] instanceof RestError);
  assertEquals(replies[1].words.split(" ")[0], "WRONGTYPE");
  await server.redis.del(key);
});

Deno.test("restClient() sends the sync token of the last reply, across calls", async () => {
  const [sent, given]: [(string | null)[], (string | null)[]] = [[], []];
  await using server = await answering(async (request, forward) => {
    sent.push(request.headers.get("upstash-sync-token"));
    const reply = await forward(request);
    given.push(reply.headers.get("upstash-sync-token"));
    return reply;
  });
  const client = restClient(server);
  await client.command("PING");
  await client.series([["PING"]]);
  // Refused before it reached Redis: there is nothing new to be seen.
  await assertRejects(() => client.command("HGET"), RestError);
  await client.eval("return 1", [], []);
  const [first, second] = given;
  assertEquals(sent, ["", first, second, second]);
  assertEquals([typeof first, given[2], first === second], ["string", null, false]);
});

Deno.test("RestError keeps status and Retry-After, and nothing of what was sent", async () => {
  const answers: [ResponseInit, string, [number, number | undefined]][] = [
    [{ status: 429, headers: { "retry-after": "7" } }, "", [429, 7_000]],
    [{ status: 503, headers: { "retry-after": "soon" } }, "<html>", [503, undefined]],
    [{ status: 400 }, JSON.stringify({ error: `ERR bad argument '${CANARY}'` }), [400, undefined]],
    [{ status: 200, headers: { "retry-after": new Date(0).toUTCString() } }, "[", [200, 0]],
  ];
  for (const [init, body, expected] of answers) {
    await using server = await answering(() => new Response(body, init));
    const error = await assertRejects(
      () => restClient(server).eval("return ARGV[1]", [], [CANARY]),
      RestError,
    );
    assertEquals([error.status, error.retryAfterMs], expected);
    const shown = `${error.stack}\n${Deno.inspect(error)}`;
    assert(!shown.includes(CANARY) && !shown.includes(server.token), shown);
  }
});

Deno.test("restClient() follows no redirect: its token is for one host", async () => {
  await using other = await redisGateway();
  await using server = await answering(() => Response.redirect(other.url, 307));
  const error = await assertRejects(() => restClient(server).command("PING"), RestError);
  assertEquals([error.status, other.requests], [307, 0]);
});

Deno.test("BrokerError.retryAfterMs is what Retry-After says, where the client sees it", async () => {
  await using server = await answering(() =>
    Response.json({ error: "ERR too many" }, { status: 429, headers: { "retry-after": "20" } })
  );
  const { url, token } = server;
  const waits = [redisBroker({ client: restClient({ url, token }) }), redisBroker({ url, token })]
    .map(async (broker) => {
      const error = await assertRejects(() => broker.read(["m"]), BrokerError);
      return [error.retryable, error.retryAfterMs];
    });
  // The client of @upstash/redis keeps no headers: it has the words, and no more.
  assertEquals(await Promise.all(waits), [[true, 20_000], [true, 0]]);
});
