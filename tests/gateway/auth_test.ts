import { assertEquals, assertThrows } from "@std/assert";
import { gateway } from "@dabba/queue/gateway";
import { redisGateway } from "../support/redis_gateway.ts";
import { call } from "./call.ts";

const redis = "redis://127.0.0.1:1";
const denied = { error: "WRONGPASS invalid or missing auth token" };

for (const token of [undefined, ""]) {
  Deno.test(`gateway() refuses the token ${JSON.stringify(token)} and says what to do`, () => {
    const error = assertThrows(() => gateway({ redis, token }), TypeError);
    assertEquals(
      error.message,
      "Cannot create gateway: token is missing or empty: " +
        "set a long random string, or insecure: true to serve without one",
    );
  });
}

Deno.test("gateway() refuses what is no URL of a Redis, without repeating it", () => {
  for (const url of ["localhost:6379", "http://user:secret@host", ""]) {
    const error = assertThrows(() => gateway({ redis: url, token: "t" }), TypeError, "redis://");
    assertEquals(error.message.includes("secret"), false);
  }
});

Deno.test("gateway() refuses a body limit that is no positive integer", () => {
  for (const maxBodyBytes of [0, -1, 1.5, NaN]) {
    assertThrows(() => gateway({ redis, token: "t", maxBodyBytes }), RangeError, "maxBodyBytes");
  }
});

Deno.test("Gateway.fetch() answers 401 unless the bearer's token is the one", async () => {
  await using server = await redisGateway();
  const { token } = server;
  const wrong = ["", "Bearer", "Bearer ", `Bearer ${token}x`, `Bearer x${token}`, token];
  for (const authorization of [...wrong, `Basic ${token}`, `Bearer ${token.slice(1)}`]) {
    const answer = await call(server, "/", ["PING"], { authorization });
    assertEquals([authorization, answer.status, answer.json], [authorization, 401, denied]);
  }
});

Deno.test("Gateway.fetch() answers 401 without the header, before anything else", async () => {
  await using server = await redisGateway();
  const response = await fetch(`${server.url}/nowhere`, { method: "DELETE" });
  assertEquals([response.status, await response.json()], [401, denied]);
});

Deno.test("Gateway.fetch() takes the scheme's name in any case", async () => {
  await using server = await redisGateway();
  const authorization = `bEARER  ${server.token}`;
  assertEquals((await call(server, "/", ["PING"], { authorization })).json, { result: "PONG" });
});

Deno.test("Gateway.fetch() asks for no token when that is wanted", async () => {
  await using server = await redisGateway();
  const open = gateway({
    redis: `redis://127.0.0.1:${server.redisPort}`,
    token: "",
    insecure: true,
  });
  const response = await open.fetch(
    new Request("http://gateway/", { method: "POST", body: '["PING"]' }),
  );
  assertEquals(await response.json(), { result: "PONG" });
  await open.close();
});
