/** What the broker needs of a Redis client, and how it gets it from an ioredis. */

import { type IoredisSubscriber, listenOverTcp } from "./tcp_listener.ts";

/** Hears what is published on a channel. */
export interface ChannelListener {
  /** What is published is told from now on. */
  opened(): void;
  /** Tells one text. */
  told(text: string): void;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/**
 * Is all that the broker asks of a Redis client: running scripts.
 *
 * A `Redis` of `@upstash/redis` is one as it is; `upstashClient`, `restClient` and `ioredisClient` make
 * others.
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
   * Subscribes to a channel; resolves when the subscription has ended, or rejects. Without it, a worker
   * looks for work in intervals, and is never called.
   */
  listen?(channel: string, listener: ChannelListener): Promise<void>;
  /**
   * Whether commands are paid for one by one: a worker then gathers outcomes for a few milliseconds,
   * so that many travel in one request.
   *
   * @default true
   */
  readonly billed?: boolean;
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
  /** Opens a second connection, on which a worker is called; without it, workers poll. */
  duplicate?(options: { readonly retryStrategy: () => null }): IoredisSubscriber;
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
 *
 * @throws {TypeError} for what is no client, such as a URL.
 */
export function ioredisClient(redis: IoredisLike): RedisClient {
  if (typeof redis?.evalsha !== "function") {
    throw new TypeError("Cannot use this client: expected one of ioredis, such as new Redis(url)");
  }
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
    ...(redis.duplicate && {
      // Lost, it is made anew by whoever listens, who has to know of the gap.
      listen: (channel, listener) =>
        listenOverTcp(redis.duplicate!({ retryStrategy: () => null }), channel, listener),
    }),
  };
}

/** Gives a client a deadline: a promise that never settles must not stop a worker for good. */
export function withDeadline(client: RedisClient, timeoutMs: number): RedisClient {
  const { command, series, listen, billed } = client;
  return {
    billed,
    evalsha: (sha, keys, args) => inTime(client.evalsha(sha, keys, args), timeoutMs),
    eval: (script, keys, args) => inTime(client.eval(script, keys, args), timeoutMs),
    ...(command && {
      command: (name, ...args) => inTime(command.call(client, name, ...args), timeoutMs),
    }),
    ...(series && { series: (commands) => inTime(series.call(client, commands), timeoutMs) }),
    ...(listen && { listen: (channel, listener) => listen.call(client, channel, listener) }),
  };
}

/** Gives the reply, or rejects with a `TimeoutError` when it takes too long. */
export function inTime<T>(reply: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new DOMException("The deadline passed", "TimeoutError"));
    const timer = setTimeout(late, timeoutMs);
    reply.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
