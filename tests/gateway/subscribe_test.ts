import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Redis } from "@upstash/redis";
import { EventStreams } from "../../src/gateway/event_stream.ts";
import { Subscriber } from "../../src/gateway/subscriber.ts";
import { type RedisGateway, redisGateway } from "../support/redis_gateway.ts";
import { startRedisServer } from "../support/redis_server.ts";
import { call } from "./call.ts";

/** Reads a stream of events line by line, empty ones left out. */
class Lines {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = "";

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The next line, or undefined at the end. */
  async next(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf("\n");
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        if (line !== "") return line;
        continue;
      }
      const { value, done } = await this.#reader.read();
      if (done) return undefined;
      this.#text += value;
    }
  }

  close(): Promise<void> {
    return this.#reader.cancel();
  }
}

async function open(server: RedisGateway, path: string, method = "POST"): Promise<Lines> {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${server.token}`, accept: "text/event-stream" },
  });
  assertEquals([response.status, response.headers.get("content-type")], [200, "text/event-stream"]);
  return new Lines(response.body!);
}

async function untilNobodyListens({ redis, namespace }: RedisGateway): Promise<void> {
  for (;;) {
    const channels = await redis.pubsub("CHANNELS", `${namespace}*`) as string[];
    if (channels.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

for (const method of ["POST", "GET"]) {
  Deno.test(`${method} /subscribe/<channel> tells what is published there`, async () => {
    await using server = await redisGateway();
    const channel = `${server.namespace}:chat`;
    const lines = await open(server, `/subscribe/${channel}`, method);
    assertEquals(await lines.next(), `data: subscribe,${channel},1`);
    for (const message of ["hello", "how are you, today?", "", "héllo ✓", "a\nb\r\nc"]) {
      assertEquals((await call(server, "/", ["PUBLISH", channel, message])).json, { result: 1 });
    }
    const received: unknown[] = [];
    while (received.length < 7) received.push(await lines.next());
    assertEquals(received, [
      `data: message,${channel},hello`,
      `data: message,${channel},how are you, today?`,
      `data: message,${channel},`,
      `data: message,${channel},héllo ✓`,
      `data: message,${channel},a`,
      "data: b",
      "data: c",
    ]);
    await lines.close();
    await untilNobodyListens(server);
  });
}

Deno.test("/psubscribe/<pattern> tells what is published to channels that fit", async () => {
  await using server = await redisGateway();
  const lines = await open(server, `/psubscribe/${server.namespace}:*`);
  assertEquals(await lines.next(), `data: psubscribe,${server.namespace}:*,1`);
  await call(server, "/", ["PUBLISH", `${server.namespace}:a`, "x"]);
  const [pattern, channel] = [`${server.namespace}:*`, `${server.namespace}:a`];
  assertEquals(await lines.next(), `data: pmessage,${pattern},${channel},x`);
  await lines.close();
});

Deno.test("/subscribe serves many clients and channels from one connection", async () => {
  await using server = await redisGateway();
  const [a, b] = [`${server.namespace}:a`, `${server.namespace}:b`];
  const both = await open(server, `/subscribe/${a}/${b}/${a}`);
  assertEquals([await both.next(), await both.next()], [
    `data: subscribe,${a},1`,
    `data: subscribe,${b},2`,
  ]);
  const one = await open(server, `/subscribe/${a}`);
  assertEquals(await one.next(), `data: subscribe,${a},1`);
  // Redis counts connections.
  assertEquals((await call(server, "/", ["PUBLISH", a, "x"])).json, { result: 1 });
  assertEquals([await both.next(), await one.next()], Array(2).fill(`data: message,${a},x`));
  await one.close();
  await call(server, "/", ["PUBLISH", a, "y"]);
  assertEquals(await both.next(), `data: message,${a},y`);
  await both.close();
  await untilNobodyListens(server);
});

Deno.test("@upstash/redis subscribes to channels and patterns", async () => {
  await using server = await redisGateway();
  const redis = new Redis({ url: server.url, token: server.token });
  const channel = `${server.namespace}:chat`;
  const channels = redis.subscribe<{ n: number }>([channel]);
  const patterns = redis.psubscribe<{ n: number }>([`${server.namespace}:*`]);
  const subscribed = [
    new Promise((resolve) => channels.on("subscribe", resolve)),
    new Promise((resolve) => patterns.on("psubscribe", resolve)),
  ];
  assertEquals(await Promise.all(subscribed), [1, 1]);
  const received = Promise.all([
    new Promise((resolve) => channels.on(`message:${channel}`, resolve)),
    new Promise((resolve) => patterns.on("pmessage", resolve)),
  ]);
  assertEquals(await redis.publish(channel, { n: 1 }), 2);
  assertEquals(await received, [
    { channel, message: { n: 1 } },
    { channel, message: { n: 1 }, pattern: `${server.namespace}:*` },
  ]);
  await Promise.all([channels.unsubscribe(), patterns.unsubscribe()]);
  await untilNobodyListens(server);
});

Deno.test("/subscribe subscribes anew when Redis is back, and says so", async () => {
  await using own = await startRedisServer();
  await using server = await redisGateway({ redis: own.url });
  const lines = await open(server, "/subscribe/chat");
  assertEquals(await lines.next(), "data: subscribe,chat,1");
  await own.kill();
  await own.restart();
  assertEquals(await lines.next(), "data: subscribe,chat,1");
  await call(server, "/", ["PUBLISH", "chat", "again"]);
  assertEquals(await lines.next(), "data: message,chat,again");
  await lines.close();
});

Deno.test("/subscribe answers 503 while Redis is away", async () => {
  await using own = await startRedisServer();
  await using server = await redisGateway({ redis: own.url, connectTimeout: 50 });
  await own.kill();
  const headers = { accept: "text/event-stream", authorization: `Bearer ${server.token}` };
  const { status, json } = await call(server, "/subscribe/chat", "", headers);
  assertEquals([status, json], [503, {
    error: "ERR cannot reach Redis, nothing is subscribed",
  }]);
});

Deno.test("/subscribe passes on why Redis refuses a channel", async () => {
  await using own = await startRedisServer();
  await using admin = await redisGateway({ redis: own.url });
  await admin.redis.acl("SETUSER", "quiet", "on", ">pw", "+@all", "~*", "resetchannels");
  await using server = await redisGateway({ redis: own.url.replace("//", "//quiet:pw@") });
  const headers = { accept: "text/event-stream", authorization: `Bearer ${server.token}` };
  const { status, text } = await call(server, "/subscribe/chat", "", headers);
  assertEquals(status, 400);
  assertMatch(text, /NOPERM.*channel/);
});

Deno.test("/subscribe wants a token that may do everything, and a client that takes events", async () => {
  await using server = await redisGateway({ readOnlyToken: "read" });
  const accept = "text/event-stream";
  const ask = (headers: HeadersInit) => call(server, "/subscribe/chat", "", headers);
  assertEquals((await ask({ accept, authorization: "Bearer wrong" })).status, 401);
  assertMatch((await ask({ accept, authorization: "Bearer read" })).text, /NOPERM.*'subscribe'/);
  const { status, text } = await ask({ authorization: `Bearer ${server.token}` });
  assertEquals(status, 400);
  assertStringIncludes(
    text,
    "'SUBSCRIBE' does not answer with one reply; ask for /subscribe/<name>",
  );
  assertStringIncludes(text, "the header Accept: text/event-stream");
});

Deno.test("EventStreams ends a stream that is read too slowly, and keeps the others", async () => {
  await using server = await redisGateway();
  const subscriber = new Subscriber(`redis://127.0.0.1:${server.redisPort}`);
  const streams = new EventStreams(subscriber, { connectTimeout: 60_000 });
  const topic = { kind: "subscribe", name: server.namespace } as const;
  const slow = await streams.open([topic]);
  const quick = new Lines(await streams.open([topic]));
  await quick.next();
  const message = "x".repeat(10_000);
  for (let i = 0; i < 200; i++) {
    await server.redis.publish(topic.name, message);
    assertEquals((await quick.next())?.length, `data: message,${topic.name},`.length + 10_000);
  }
  streams.close();
  let bytes = 0;
  for await (const chunk of slow) bytes += chunk.byteLength;
  assertEquals(bytes > 1_000_000 && bytes < 1_200_000, true);
  assertEquals(await quick.next(), undefined);
  await untilNobodyListens(server);
});

Deno.test("EventStreams keeps a silent stream alive by comments", async () => {
  await using server = await redisGateway();
  const subscriber = new Subscriber(`redis://127.0.0.1:${server.redisPort}`);
  const streams = new EventStreams(subscriber, { connectTimeout: 60_000, keepAliveMs: 1 });
  const lines = new Lines(await streams.open([{ kind: "subscribe", name: server.namespace }]));
  const comments: unknown[] = [];
  while (comments.length < 2) {
    const line = await lines.next();
    if (!line?.startsWith("data: ")) comments.push(line);
  }
  assertEquals(comments, [": keep-alive", ": keep-alive"]);
  await lines.close();
  await untilNobodyListens(server);
});
