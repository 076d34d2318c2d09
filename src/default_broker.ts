/** The broker of a `Dabba` that was given none: Redis by the environment, else a SQLite file. */

import type { Broker, Diagnosis } from "./broker/broker.ts";
import { RedisBroker } from "./broker/redis/mod.ts";
import { VARIABLES } from "./broker/redis/options.ts";
import { DabbaError } from "./errors.ts";
import { isCloudflare, isHidden, readEnv } from "./environment.ts";

/** Chooses the broker; throws `DabbaError` where there is neither a variable nor a lasting file. */
export function defaultBroker(): Broker {
  // A token alone is a Redis that is half set up: it is refused, and no file taken for it.
  const names = Object.values(VARIABLES).flat();
  if (names.some((name) => readEnv(name))) return RedisBroker.fromEnv();
  if (isHidden("UPSTASH_REDIS_REST_URL")) {
    // A file would be taken for the store that somebody has set up, and nobody would read it.
    throw new DabbaError(
      "no_broker",
      "Cannot choose a broker: this program may not read UPSTASH_REDIS_REST_URL; " +
        "run it with --allow-env, or give new Dabba({ broker: … })",
    );
  }
  if (keepsFiles()) return new LazySqlite();
  throw new DabbaError(
    "no_broker",
    "Cannot choose a broker: this runtime keeps no files, and UPSTASH_REDIS_REST_URL is not set; " +
      "set UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN, " +
      "or give new Dabba({ broker: redisBroker({ url, token }) })",
  );
}

function keepsFiles(): boolean {
  // Deno Deploy has files, and throws them away with the isolate: messages would go with them.
  if (readEnv("DENO_DEPLOYMENT_ID") || readEnv("DENO_DEPLOY")) return false;
  if (isCloudflare()) return false;
  if (typeof Deno !== "undefined") return typeof Deno.version?.deno === "string";
  const versions = (globalThis as { process?: { versions?: Record<string, string> } }).process
    ?.versions;
  return versions?.node !== undefined || versions?.bun !== undefined;
}

/** Gives the SQLite broker of a file, opened at its first use. */
export function lazySqlite(path?: string): Broker {
  return new LazySqlite(path);
}

/** Opens the SQLite broker at its first use, so that no edge bundle ever contains it. */
class LazySqlite implements Broker {
  readonly kind = "sqlite";
  readonly polling = { minMs: 20, maxMs: 250 };
  readonly lingerMs = 0;
  readonly #path: string | undefined;
  #opened: Promise<Broker> | undefined;

  constructor(path?: string) {
    this.#path = path;
  }

  #open(): Promise<Broker> {
    this.#opened ??= openSqlite(this.#path);
    return this.#opened;
  }

  async push(...args: Parameters<Broker["push"]>): ReturnType<Broker["push"]> {
    return await (await this.#open()).push(...args);
  }

  async exchange(...args: Parameters<Broker["exchange"]>): ReturnType<Broker["exchange"]> {
    return await (await this.#open()).exchange(...args);
  }

  async probe(...args: Parameters<Broker["probe"]>): ReturnType<Broker["probe"]> {
    return await (await this.#open()).probe(...args);
  }

  async read(...args: Parameters<Broker["read"]>): ReturnType<Broker["read"]> {
    return await (await this.#open()).read(...args);
  }

  async cancel(...args: Parameters<Broker["cancel"]>): ReturnType<Broker["cancel"]> {
    return await (await this.#open()).cancel(...args);
  }

  async dead(...args: Parameters<Broker["dead"]>): ReturnType<Broker["dead"]> {
    return await (await this.#open()).dead(...args);
  }

  async redrive(...args: Parameters<Broker["redrive"]>): ReturnType<Broker["redrive"]> {
    return await (await this.#open()).redrive(...args);
  }

  async discard(...args: Parameters<Broker["discard"]>): ReturnType<Broker["discard"]> {
    return await (await this.#open()).discard(...args);
  }

  async stats(): ReturnType<Broker["stats"]> {
    return await (await this.#open()).stats();
  }

  async check(...args: Parameters<Broker["check"]>): ReturnType<Broker["check"]> {
    return await (await this.#open()).check(...args);
  }

  async doctor(): Promise<Diagnosis[]> {
    return await (await this.#open()).doctor?.() ?? [];
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    if (opened) await (await opened).close();
  }
}

async function openSqlite(path?: string): Promise<Broker> {
  // Not a literal: a bundler must not follow it.
  const ending = import.meta.url.endsWith(".js") ? "js" : "ts";
  const module = new URL(`./broker/sqlite/mod.${ending}`, import.meta.url).href;
  const { sqliteBroker } = await load(module);
  return sqliteBroker(path === undefined ? {} : { path });
}

async function load(
  module: string,
): Promise<{ sqliteBroker: (options: { path?: string }) => Broker }> {
  try {
    return await import(/* webpackIgnore: true */ /* @vite-ignore */ module);
  } catch (cause) {
    if (
      cause instanceof Error && /NotCapable|--allow-read/.test(`${cause.name} ${cause.message}`)
    ) {
      throw new DabbaError(
        "no_broker",
        "Cannot open the default broker: this program may not read its module, nor the file " +
          "dabba.db; run it with --allow-read and --allow-write, or give new Dabba({ broker: … })",
        { cause },
      );
    }
    throw new DabbaError(
      "no_broker",
      "Cannot open the default broker: its module is not beside this one, as in a bundle; " +
        'give new Dabba({ broker: sqliteBroker() }) with sqliteBroker of "@dabba/queue/sqlite"',
      { cause },
    );
  }
}
