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
import { Redis } from "ioredis";
import { gateway, type GatewayOptions } from "../../src/gateway/mod.ts";
import { type Handler, serveBreakable } from "../../src/testing/breakable_server.ts";
import { startRedisServer } from "./redis_server.ts";

export { cutOff, hangUp } from "../../src/testing/broken_reply.ts";

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
    url: server.url,
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

interface Server {
  url: string;
  close(): Promise<void>;
}

function serve(handler: Handler): Server {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
  return { url: `http://127.0.0.1:${server.addr.port}`, close: () => server.shutdown() };
}
