/** What the broker needs of a Redis client, and how it gets it from two of them. */

import { Redis } from "@upstash/redis/cloudflare";

/**
 * Is all that the broker asks of a Redis client: running scripts.
 *
 * A `Redis` of `@upstash/redis` is one as it is; `ioredisClient` makes one of an `ioredis`.
 */
export interface RedisClient {
  /** Runs a script by its SHA-1; rejects with Redis' own text, `NOSCRIPT` for an unknown one. */
  evalsha(sha: string, keys: string[], args: string[]): Promise<unknown>;
  /** Runs a script by its text. */
  eval(script: string, keys: string[], args: string[]): Promise<unknown>;
  /** Runs a plain command. Without it, a look for work costs two commands instead of one. */
  command?(name: string, ...args: string[]): Promise<unknown>;
  /**
   * Runs commands one after the other on one connection; an error stands where its reply would. It
   * rejects when the connection is lost before the last reply. Needed for `confirm` only.
   */
  series?(commands: readonly (readonly string[])[]): Promise<unknown[]>;
  /**
   * Whether commands are paid for one by one: a worker then gathers outcomes for a few milliseconds,
   * so that many travel in one request.
   *
   * @default true
   */
  readonly billed?: boolean;
}

/** Says where a Redis is reached over HTTP. */
export interface UpstashClientOptions {
  /** The REST URL, `https://…`. */
  readonly url: string;
  /** The REST token. */
  readonly token: string;
  /**
   * How long a request may take, in milliseconds.
   *
   * @default 5_000
   */
  readonly timeoutMs?: number;
}

/**
 * Makes a client of `@upstash/redis`, set up so that it neither re-sends nor changes anything.
 *
 * It sends each request once and rejects when the reply takes too long: trying again is the broker's.
 *
 * ```ts
 * import { redisBroker, upstashClient } from "@dabba/queue/redis";
 *
 * const client = upstashClient({ url: "http://127.0.0.1:8079", token: "a-long-secret" });
 * const broker = redisBroker({ client });
 * console.log(broker.kind); // "redis"
 * ```
 *
 * @throws {TypeError} when the URL is not one of HTTP, or the token is empty.
 */
export function upstashClient(options: UpstashClientOptions): RedisClient {
  const { timeoutMs = 5_000 } = options;
  const { url, token } = checkAddress(options);
  const redis = new Redis({
    url,
    token,
    // It would turn a payload such as "007" into a number.
    automaticDeserialization: false,
    // It would send reads and writes of one moment apart, in any order.
    enableAutoPipelining: false,
    enableTelemetry: false,
    // Base64 is a third larger, and everything here is text.
    responseEncoding: false,
    retry: { retries: 0 },
    // As a function: a signal given as it is would turn a timeout into an empty reply.
    signal: () => AbortSignal.timeout(timeoutMs),
  });
  return {
    billed: isUpstash(url),
    evalsha: (sha, keys, args) => redis.evalsha(sha, keys, args),
    eval: (script, keys, args) => redis.eval(script, keys, args),
    command: (name, ...args) => redis.exec([name, ...args]),
    series: (commands) => postPipeline({ url, token, timeoutMs }, commands),
  };
}

// Not by the client: its pipeline takes no WAIT.
async function postPipeline(
  { url, token, timeoutMs }: Required<UpstashClientOptions>,
  commands: readonly (readonly string[])[],
): Promise<unknown[]> {
  const response = await fetch(`${url.replace(/\/+$/, "")}/pipeline`, {
    method: "POST",
    headers: { "authorization": `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(commands),
    signal: AbortSignal.timeout(timeoutMs),
  });
  const replies: unknown = await response.json().catch((cause) => {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw Object.assign(new Error("The reply is not JSON"), { name: "UpstashJSONParseError" });
  });
  if (Array.isArray(replies) && replies.length === commands.length) {
    return replies.map((reply) => isRefusal(reply) ? new Error(reply.error) : reply?.result);
  }
  throw new Error(isRefusal(replies) ? replies.error : "The reply is of another shape");
}

function isRefusal(reply: unknown): reply is { readonly error: string } {
  return typeof (reply as { error?: unknown } | null)?.error === "string";
}

function isUpstash(url: string): boolean {
  return new URL(url).hostname.endsWith(".upstash.io");
}

// The texts show nothing of what was given: a token pasted into the wrong place is a token still.
function checkAddress({ url, token }: UpstashClientOptions): { url: string; token: string } {
  if (typeof url !== "string" || url.trim() === "") {
    throw new TypeError(
      "Cannot make a Redis client: url is missing; give the REST URL, or set UPSTASH_REDIS_REST_URL",
    );
  }
  if (!/^https?:\/\/[^\s/]/.test(url.trim()) || /\s/.test(url.trim())) {
    throw new TypeError(
      "Cannot make a Redis client: url does not begin with https://; give the REST URL, " +
        "not the one that begins with redis://",
    );
  }
  if (/^https?:\/\/[^/]*@/.test(url.trim())) {
    throw new TypeError("Cannot make a Redis client: url has a password; give it as the token");
  }
  if (typeof token !== "string" || token.trim() === "") {
    throw new TypeError(
      "Cannot make a Redis client: token is empty; give the REST token, " +
        "or set UPSTASH_REDIS_REST_TOKEN",
    );
  }
  // deno-lint-ignore no-control-regex -- these are what a header may not hold
  if (/[\s\x00-\x1f\x7f-\uffff]/.test(token.trim())) {
    throw new TypeError(
      "Cannot make a Redis client: token has a space or a character beyond ASCII",
    );
  }
  return { url: url.trim(), token: token.trim() };
}

/** Is what `ioredisClient` needs of an `ioredis`. */
export interface IoredisLike {
  /** Runs a script by its SHA-1. */
  evalsha(sha: string, keyCount: number, ...keysAndArgs: string[]): Promise<unknown>;
  /** Runs a script by its text. */
  eval(script: string, keyCount: number, ...keysAndArgs: string[]): Promise<unknown>;
  /** Runs any command. */
  call(name: string, ...args: string[]): Promise<unknown>;
  /** Sends commands together; needed for `confirm` only. */
  pipeline?(commands: unknown[][]): { exec(): Promise<[Error | null, unknown][] | null> };
}

/**
 * Makes a client of an `ioredis`, or of anything of its shape: Redis over TCP.
 *
 * The connection stays yours: closing the broker does not close it.
 *
 * ```ts ignore
 * import { Redis } from "ioredis";
 * import { ioredisClient, redisBroker } from "@dabba/queue/redis";
 *
 * const redis = new Redis("redis://127.0.0.1:6379");
 * const broker = redisBroker({ client: ioredisClient(redis) });
 * console.log(await broker.stats());
 * ```
 */
export function ioredisClient(redis: IoredisLike): RedisClient {
  return {
    billed: false,
    evalsha: (sha, keys, args) => redis.evalsha(sha, keys.length, ...keys, ...args),
    eval: (script, keys, args) => redis.eval(script, keys.length, ...keys, ...args),
    command: (name, ...args) => redis.call(name, ...args),
    ...(redis.pipeline && {
      series: async (commands) => {
        const calls = commands.map(([name = "", ...args]) => [name.toLowerCase(), ...args]);
        const replies = await redis.pipeline!(calls).exec();
        return (replies ?? []).map(([error, reply]) => error ?? reply);
      },
    }),
  };
}

/** Gives a client a deadline: a promise that never settles must not stop a worker for good. */
export function withDeadline(client: RedisClient, timeoutMs: number): RedisClient {
  const { command, series, billed } = client;
  return {
    billed,
    evalsha: (sha, keys, args) => inTime(client.evalsha(sha, keys, args), timeoutMs),
    eval: (script, keys, args) => inTime(client.eval(script, keys, args), timeoutMs),
    ...(command && {
      command: (name, ...args) => inTime(command.call(client, name, ...args), timeoutMs),
    }),
    ...(series && { series: (commands) => inTime(series.call(client, commands), timeoutMs) }),
  };
}

function inTime<T>(reply: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = () => new DOMException("The deadline passed", "TimeoutError");
    timer = setTimeout(() => reject(error()), timeoutMs);
  });
  return Promise.race([reply, late]).finally(() => clearTimeout(timer));
}
