/**
 * A real Redis over HTTP for a test: redis-server, the gateway in front of it, a client to look in.
 *
 * ```ts ignore
 * import { Redis } from "@upstash/redis";
 * import { redisGateway } from "../support/redis_gateway.ts";
 *
 * Deno.test("RedisBroker.push() …", async () => {
 *   await using server = await redisGateway();
 *   const client = new Redis({ url: server.url, token: server.token });
 *   await client.set(`${server.namespace}:a`, 1);
 *   assertEquals(await server.redis.get(`${server.namespace}:a`), "1");
 *   assertEquals(server.requests, 1);
 * });
 * ```
 *
 * Open it inside the test with `await using`: all that it opens it also closes, so the sanitizers
 * stay on, and it takes a few milliseconds. The redis-server itself is shared: the runner's
 * (DABBA_TEST_REDIS), or else one for the file, started when this module is loaded and ended with
 * it. So keep to keys that begin with the namespace, and never use FLUSHDB. A test that stops
 * Redis, fills its memory or changes its settings brings its own:
 * `await using own = await startRedisServer(…)` and `redisGateway({ redis: own.url })`.
 *
 * Faults between client and gateway:
 *
 * ```ts ignore
 * await using server = await redisGateway({
 *   intercept: async (request, forward) => {
 *     const reply = await forward(request); // Redis has acted
 *     return hangUp();                      // and the client sees its connection reset
 *   },
 * });
 * ```
 *
 * `hangUp()` before `forward` is a request that never arrived, `cutOff(reply, 5)` a reply that
 * breaks off, and any other `Response` is answered as it is: a 502 page, a 200 with garbage.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { Redis } from "ioredis";
import { gateway, type GatewayOptions } from "../../src/gateway/mod.ts";
import { startRedisServer } from "./redis_server.ts";

/** Passes a request on to the gateway and resolves with its reply. */
export type Forward = (request: Request) => Promise<Response>;

/** Stands between client and gateway; see {@linkcode hangUp} and {@linkcode cutOff}. */
export type Intercept = (request: Request, forward: Forward) => Response | Promise<Response>;

/** What a test may ask of {@linkcode redisGateway}. */
export interface RedisGatewayOptions extends Partial<Omit<GatewayOptions, "token" | "insecure">> {
  /** The URL of a redis-server of the test's own. The default is the shared one. */
  redis?: string;
  /** A hook that may drop, delay or replace requests and replies. */
  intercept?: Intercept;
}

/** A gateway on loopback and what a test needs to use it. */
export interface RedisGateway extends AsyncDisposable {
  /** The gateway's URL, without a slash at the end. */
  readonly url: string;
  readonly token: string;
  /** The port of the redis-server behind it. */
  readonly redisPort: number;
  /** HTTP requests received so far, those that were dropped included. */
  readonly requests: number;
  /** Unique to this call; keys of the test begin with it. */
  readonly namespace: string;
  /** A client straight to redis-server, to look at what is there. */
  readonly redis: Redis;
  close(): Promise<void>;
}

const sharedUrl = Deno.env.get("DABBA_TEST_REDIS") ?? await startForThisFile();

async function startForThisFile(): Promise<string> {
  const server = await startRedisServer();
  globalThis.addEventListener("unload", () => server.stopAtOnce());
  return server.url;
}

/** Opens a gateway for one test; close it, or declare it with `await using`. */
export async function redisGateway(options: RedisGatewayOptions = {}): Promise<RedisGateway> {
  const { redis: redisUrl = sharedUrl, intercept, ...others } = options;
  const token = crypto.randomUUID();
  const face = gateway({ ...others, redis: redisUrl, token });
  let requests = 0;
  const handler = (request: Request) => {
    requests++;
    return intercept ? intercept(request, face.fetch) : face.fetch(request);
  };
  const server = intercept ? await serveBreakable(handler) : serve(handler);
  const redis = new Redis(redisUrl, { lazyConnect: true, retryStrategy: () => null });
  // A call that fails tells its test; without a listener the error would be printed too.
  redis.on("error", () => {});
  await redis.connect();
  const close = async () => {
    await server.close();
    await face.close();
    if (redis.status === "ready") await redis.quit();
  };
  return {
    url: `http://127.0.0.1:${server.port}`,
    token,
    redisPort: Number(new URL(redisUrl).port),
    get requests() {
      return requests;
    },
    namespace: `t-${crypto.randomUUID().slice(0, 13)}`,
    redis,
    close,
    [Symbol.asyncDispose]: close,
  };
}

const hungUp = new WeakSet<Response>();
const cutAfter = new WeakMap<Response, number>();

/** A reply that never comes: the connection is reset, so the client's `fetch` rejects. */
export function hangUp(): Response {
  const response = new Response(null, { status: 500 });
  hungUp.add(response);
  return response;
}

/** A reply that breaks off after some bytes of its body: `fetch` resolves, reading it rejects. */
export function cutOff(reply: Response, afterBytes: number): Response {
  cutAfter.set(reply, afterBytes);
  return reply;
}

interface Server {
  port: number;
  close(): Promise<void>;
}

type Handler = (request: Request) => Response | Promise<Response>;

function serve(handler: Handler): Server {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
  return { port: server.addr.port, close: () => server.shutdown() };
}

/** Node's server, as it lets go of the socket: Deno.serve cannot hang up before the headers. */
async function serveBreakable(handler: Handler): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    answer(handler, incoming, outgoing).catch((error) => {
      if (!outgoing.headersSent) outgoing.writeHead(500);
      outgoing.end(`The test's intercept failed: ${error}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("No port was given");
  return {
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  handler: Handler,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const response = await handler(await toRequest(incoming));
  if (hungUp.has(response)) {
    incoming.socket.resetAndDestroy();
    return;
  }
  const body = new Uint8Array(await response.arrayBuffer());
  const limit = cutAfter.get(response);
  const headers = { ...Object.fromEntries(response.headers), "content-length": body.byteLength };
  outgoing.writeHead(response.status, headers);
  if (limit === undefined) {
    outgoing.end(body);
  } else {
    outgoing.write(body.subarray(0, limit), () => incoming.socket.destroy());
  }
}

async function toRequest(incoming: IncomingMessage): Promise<Request> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of Readable.from(incoming)) chunks.push(chunk);
  const method = incoming.method ?? "GET";
  const body = method === "GET" || method === "HEAD" ? undefined : await new Blob(
    chunks.map((chunk) => new Uint8Array(chunk)),
  ).arrayBuffer();
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers.set(name, String(value));
  }
  return new Request(`http://127.0.0.1${incoming.url}`, { method, headers, body });
}
