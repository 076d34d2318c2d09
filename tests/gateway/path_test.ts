import { Buffer } from "node:buffer";
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { readAddress } from "../../src/gateway/address.ts";
import { CommandError } from "../../src/gateway/commands.ts";
import { type RedisGateway, redisGateway } from "../support/redis_gateway.ts";

const open = () => redisGateway();

async function ask(
  { url, token }: RedisGateway,
  path: string,
  { headers, ...init }: RequestInit = {},
) {
  const authorization = `Bearer ${token}`;
  const response = await fetch(url + path, { ...init, headers: { authorization, ...headers } });
  const text = await response.text();
  return { status: response.status, text, json: text === "" ? undefined : JSON.parse(text) };
}

const addresses: [url: string, path: unknown[], query: unknown[], token?: string][] = [
  ["http://h", [], []],
  ["http://h/", [], []],
  ["http://h/?EX=100&NX", [], ["EX", "100", "NX"]],
  ["http://h/set/a%2Fb/c+d", ["set", "a/b", "c+d"], []],
  ["http://h/set/k/", ["set", "k", ""], []],
  ["http://h/set//v", ["set", "", "v"], []],
  ["http://h/set/k/%C3%A9", ["set", "k", "é"], []],
  ["http://h/set/k/%ffa%00", ["set", "k", Uint8Array.of(0xff, 0x61, 0)], []],
  ["http://h/set/k?a+b=%2B&=&c=", ["set", "k"], ["a b", "+", "c"]],
  ["http://h/get/k?_token=s%3Dt&x=1", ["get", "k"], ["x", "1"], "s=t"],
  ["https://h:1/get/k?a=b?c", ["get", "k"], ["a", "b?c"]],
];

for (const [url, path, query, token] of addresses) {
  Deno.test(`readAddress() takes ${url} apart`, () => {
    const address = readAddress(url);
    assertEquals([...address.path], path);
    assertEquals([...address.query], query);
    assertEquals(address.token, token);
  });
}

Deno.test("readAddress() refuses a percent sign that stands for nothing", () => {
  for (const path of ["%", "a%zz", "%e", "?a=%4"]) {
    assertThrows(() => readAddress(`http://h/get/${path}`), CommandError, "two hex digits");
  }
});

Deno.test("GET runs the command that the path is", async () => {
  await using server = await open();
  const key = server.namespace;
  assertEquals((await ask(server, `/set/${key}/bar`)).json, { result: "OK" });
  assertEquals((await ask(server, `/GET/${key}`)).json, { result: "bar" });
  assertEquals((await ask(server, `/set/${key}/x%20%2F%20%C3%A9/EX/100`)).json, { result: "OK" });
  assertEquals((await ask(server, `/get/${key}`)).json, { result: "x / é" });
  assertEquals((await ask(server, `/set/${key}/`)).json, { result: "OK" });
  assertEquals((await ask(server, `/get/${key}`)).json, { result: "" });
  assertEquals((await ask(server, `/mget/${key}/${key}:none`)).json, { result: ["", null] });
});

Deno.test("PUT and HEAD run it as well; HEAD answers without a body", async () => {
  await using server = await open();
  const key = server.namespace;
  assertEquals((await ask(server, `/incr/${key}`, { method: "PUT" })).json, { result: 1 });
  const head = await ask(server, `/incr/${key}`, { method: "HEAD" });
  assertEquals([head.status, head.text], [200, ""]);
  assertEquals((await ask(server, `/get/${key}`)).json, { result: "2" });
  assertEquals((await ask(server, `/nosuch`, { method: "HEAD" })).status, 400);
});

Deno.test("POST appends the body to the path, and the query behind it", async () => {
  await using server = await open();
  const key = server.namespace;
  const set = await ask(server, `/set/${key}?EX=100&NX`, { method: "POST", body: '{"a": [1]}' });
  assertEquals(set.json, { result: "OK" });
  assertEquals((await ask(server, `/get/${key}`)).json, { result: '{"a": [1]}' });
  assertEquals((await ask(server, `/ttl/${key}`)).json.result > 90, true);
  const again = await ask(server, `/set/${key}?NX`, { method: "POST", body: "b" });
  assertEquals(again.json, { result: null });
  assertEquals((await ask(server, `/get/${key}`, { method: "POST" })).status, 200);
});

Deno.test("POST takes a body of any bytes, and gives them back in base64", async () => {
  await using server = await open();
  const key = server.namespace;
  const body = Uint8Array.from({ length: 256 }, (_, i) => i);
  assertEquals((await ask(server, `/set/${key}`, { method: "POST", body })).status, 200);
  const { json } = await ask(server, `/get/${key}`, { headers: { "upstash-encoding": "base64" } });
  assertEquals(new Uint8Array(Buffer.from(json.result, "base64")), body);
  await ask(server, `/append/${key}/%fe%FF`);
  assertEquals((await ask(server, `/strlen/${key}`)).json, { result: 258 });
});

Deno.test("A path may carry the token in its query, which is no argument", async () => {
  await using server = await open();
  const key = server.namespace;
  const by = async (query: string) => {
    const response = await fetch(`${server.url}/set/${key}/v?${query}`);
    return [response.status, await response.json()];
  };
  assertEquals(await by(`_token=${server.token}&EX=10`), [200, { result: "OK" }]);
  const denied = [401, { error: "WRONGPASS invalid or missing auth token" }];
  assertEquals(await by("_token=wrong"), denied);
  assertEquals(await by("_token="), denied);
  assertEquals(await by("%zz"), denied);
  const body = JSON.stringify([["PING"]]);
  const url = `${server.url}/pipeline?_token=${server.token}`;
  const piped = await fetch(url, { method: "POST", body });
  assertEquals(await piped.json(), [{ result: "PONG" }]);
});

Deno.test("A path answers 400 to what Redis or the gateway refuses", async () => {
  await using server = await open();
  const key = server.namespace;
  const refused: [path: string, error: RegExp][] = [
    ["/nosuch/a", /^ERR unknown command 'NOSUCH', with args beginning with: 'a'/],
    [`/set/${key}`, /^ERR wrong number of arguments for 'set' command$/],
    [`/set/${key}/v/XX/NX`, /^ERR syntax error$/],
    ["/blpop/a/0", /^ERR Command is not available: 'BLPOP'/],
    ["/select/1", /^ERR Command is not available: 'SELECT'/],
    ["//a", /^ERR failed to parse path/],
    ["/%ff", /^ERR failed to parse path/],
    ["/get/%zz", /^ERR failed to parse path/],
  ];
  for (const [path, error] of refused) {
    const { status, json } = await ask(server, path);
    assertEquals([path, status], [path, 400]);
    assertMatch(json.error, error);
  }
});

Deno.test("A body over the limit is refused under a path, too", async () => {
  await using server = await redisGateway({ maxBodyBytes: 10 });
  const path = `/set/${server.namespace}`;
  const send = async (body: BodyInit) => (await ask(server, path, { method: "POST", body })).status;
  assertEquals(await send("x".repeat(10)), 200);
  assertEquals(await send("x".repeat(11)), 413);
  assertEquals(await send(new Blob(["x".repeat(11)]).stream()), 413);
});
