/** The options of the Redis broker, checked before any I/O. */

import { previewName, type ReadVariable } from "../../deployment.ts";
import { readEnv } from "../../environment.ts";
import type { RedisClient } from "./client.ts";
import type { DeadLetterBounds } from "../dead_bounds.ts";
import type { Retention } from "../retention.ts";
import { Keys } from "./keys.ts";
import type { RunnerOptions } from "./runner.ts";

/** Configures the Redis broker, however Redis is reached. */
export interface RedisBrokerSettings {
  /**
   * Separates applications that share a database: `[A-Za-z0-9_.:-]{1,64}`.
   *
   * @default the variable DABBA_NAMESPACE; in a preview of Deno Deploy or Vercel `dabba:` and the
   * branch, so that it does not work for production; else "dabba"
   */
  readonly namespace?: string;
  /**
   * How long one request to Redis may take, in milliseconds.
   *
   * @default 5_000
   */
  readonly timeout?: number;
  /**
   * How long a call may take with all its tries, in milliseconds. A call that ends by it may have been
   * done: enqueue again under the same `id`, and it is stored once.
   *
   * @default twice `timeout`: one request without a reply, and another one
   */
  readonly deadline?: number;
  /**
   * How often a call that met an outage is made again, within its `deadline`. In between it waits as
   * long as `Retry-After` says, and at random, up to 2 seconds. What a worker asks for, exchanges and
   * looks for work, it makes again itself.
   *
   * @default 3
   */
  readonly retries?: number;
  /**
   * Has Upstash lock the keys of a request only, instead of the whole database. No other Redis knows
   * this; it refuses every call then.
   *
   * @default false
   */
  readonly keyLocking?: boolean;
  /**
   * Has an enqueue resolve only when replicas have it as well, so that a failover to one of them loses
   * nothing. It waits for half of `timeout`, then throws a `NotConfirmedError`: the message is stored.
   * Over TCP, the connection waits with it: give the broker that enqueues one of its own.
   *
   * @default none: it resolves when the primary has it
   */
  readonly confirm?: "replicated";
  /**
   * How many replicas must have it, with `confirm`.
   *
   * @default 1
   */
  readonly replicas?: number;
  /**
   * Bounds what is kept of messages that have ended; what would be forgotten first goes first, but
   * nothing younger than a minute. All brokers of a namespace should agree.
   *
   * @default { count: 10_000, bytes: 4_194_304 }
   */
  readonly retention?: Partial<Retention>;
  /**
   * Bounds the dead letters; the one that died first is dropped first, for good, but none younger than a
   * minute. All brokers of a namespace should agree.
   *
   * @default { count: 100_000, bytes: 67_108_864 }
   */
  readonly deadLetters?: Partial<DeadLetterBounds>;
  /**
   * Replaces the clock of the Redis server, for tests: milliseconds since 1970. All brokers of a
   * namespace must share the clock.
   *
   * @default the server's
   */
  readonly clock?: () => number;
}

/** Configures the Redis broker: by URL and token, by a client, or by the environment. */
export interface RedisBrokerOptions extends RedisBrokerSettings {
  /**
   * The REST URL of Upstash or of a gateway, `https://…`.
   *
   * @default the variable UPSTASH_REDIS_REST_URL, or KV_REST_API_URL
   */
  readonly url?: string;
  /**
   * The REST token.
   *
   * @default the variable UPSTASH_REDIS_REST_TOKEN, or KV_REST_API_TOKEN
   */
  readonly token?: string;
  /** A client of your own, instead of a URL and a token. */
  readonly client?: RedisClient;
}

/** Is an environment's variables, such as the `env` that Cloudflare hands over. */
export type RedisEnv = Readonly<Record<string, unknown>>;

const DEFAULT_NAMESPACE = "dabba";
const NAME = /^[A-Za-z0-9_.:-]{1,64}$/;
/** The variables that name a Redis, the first one that is set counts. */
export const VARIABLES = {
  url: ["UPSTASH_REDIS_REST_URL", "KV_REST_API_URL"],
  token: ["UPSTASH_REDIS_REST_TOKEN", "KV_REST_API_TOKEN"],
} as const;

/** Fills in namespace, URL and token from the environment, as far as they are not given. */
export function fromEnvironment(options: RedisBrokerOptions, env?: RedisEnv): RedisBrokerOptions {
  const namespace = options.namespace ?? namespaceOf((name) => readFirst([name], env));
  if (options.client !== undefined) return { ...options, namespace };
  // Empty, not undefined: what one environment does not have is not looked for in another.
  const { url = readFirst(VARIABLES.url, env), token = readFirst(VARIABLES.token, env) } = options;
  return { ...options, namespace, url, token };
}

function namespaceOf(read: ReadVariable): string {
  const given = read("DABBA_NAMESPACE");
  if (given) return given;
  const preview = previewName(read);
  return preview === undefined ? DEFAULT_NAMESPACE : `${DEFAULT_NAMESPACE}:${preview}`;
}

function readFirst(names: readonly string[], env: RedisEnv | undefined): string {
  for (const name of names) {
    const value = env === undefined ? readEnv(name) : env[name];
    if (typeof value === "string" && value !== "") return value;
  }
  return "";
}

/**
 * Checks the options and fills in the defaults; `connect` makes the client, by how long a request may
 * take.
 *
 * @throws {TypeError} when one is wrong, naming what to do.
 */
export function resolveOptions(
  options: RedisBrokerSettings,
  connect: (timeoutMs: number) => RedisClient,
): RunnerOptions {
  const { namespace = DEFAULT_NAMESPACE, timeout = 5_000, retries = 3, keyLocking = false, clock } =
    options;
  checkNamespace(namespace);
  checkNumber("timeout", timeout, 1);
  const deadlineMs = options.deadline ?? Math.min(2 * timeout, 2 ** 31 - 1);
  checkNumber("deadline", deadlineMs, 1);
  checkNumber("retries", retries, 0);
  const [client, keys] = [connect(timeout), new Keys(namespace)];
  return { client, keys, namespace, timeoutMs: timeout, retries, deadlineMs, keyLocking, clock };
}

/** Gives a namespace back, if it is one; throws `TypeError`. */
export function checkNamespace(namespace: string): string {
  if (typeof namespace === "string" && NAME.test(namespace)) return namespace;
  throw new TypeError(
    `Cannot use namespace "${String(namespace).slice(0, 80)}": ` +
      `give 1 to 64 characters of A-Z a-z 0-9 _ . : -`,
  );
}

/** Refuses what is no whole number from `least` on that a timer can take; throws `TypeError`. */
export function checkNumber(name: string, value: number, least: number): void {
  // A timer of more than 31 bits fires at once.
  if (Number.isInteger(value) && value >= least && value < 2 ** 31) return;
  throw new TypeError(
    `Cannot use ${name} ${value}: give a whole number from ${least} on` +
      (name === "retries" ? "" : ", in milliseconds"),
  );
}
