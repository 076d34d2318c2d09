/** Where a metric plays: a redis-server of its own, and a gateway in a process of its own. */

import { Redis } from "ioredis";
import { linesOf } from "../support/lines.ts";
import { ROOT } from "../support/project.ts";
import { type RedisServer, startRedisServer } from "../support/redis_server.ts";
import { stop } from "./program.ts";
import type { Way } from "./way.ts";

/** Says how a stage is set up. */
export interface StageOptions {
  /** Whether the gateway notes each request, so that they can be counted. */
  readonly log?: boolean;
}

/** Holds all that a metric needs of a store. */
export class Stage implements AsyncDisposable {
  /** Looks into Redis. */
  readonly redis: Redis;
  readonly server: RedisServer;
  readonly token: string;
  /** The gateway's URL. */
  readonly url: string;
  readonly #gateway: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<string>;
  readonly #folder: string;
  #files = 0;

  private constructor(parts: {
    readonly server: RedisServer;
    readonly gateway: Deno.ChildProcess;
    readonly lines: AsyncGenerator<string>;
    readonly address: { readonly url: string; readonly token: string };
    readonly folder: string;
  }) {
    this.server = parts.server;
    this.#gateway = parts.gateway;
    this.#lines = parts.lines;
    this.url = parts.address.url;
    this.token = parts.address.token;
    this.#folder = parts.folder;
    this.redis = new Redis(parts.server.url);
  }

  /** Starts both; resolves when the gateway listens. */
  static async open({ log = false }: StageOptions = {}): Promise<Stage> {
    const server = await startRedisServer();
    const token = crypto.randomUUID();
    const gateway = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-check", "-A", "src/gateway/main.ts"],
        ...["--redis", server.url, "--port", "0", ...(log ? ["--log"] : [])],
      ],
      cwd: ROOT,
      env: { UPSTASH_REDIS_REST_TOKEN: token },
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const lines = linesOf(gateway.stdout);
    const folder = await Deno.makeTempDir({ prefix: "dabba-bench-" });
    const url = await readUrl(lines);
    return new Stage({ server, gateway, lines, address: { url, token }, folder });
  }

  /** The way over HTTP. */
  get http(): Way {
    return { kind: "http", url: this.url, token: this.token };
  }

  /** The way over TCP. */
  get tcp(): Way {
    return { kind: "tcp", url: this.server.url };
  }

  /** A file that has not been used. */
  sqlite(): Way {
    return { kind: "sqlite", path: `${this.#folder}/${this.#files++}.db` };
  }

  /** Empties Redis. */
  async clear(): Promise<void> {
    await this.redis.flushall();
  }

  /** Gives how many bytes Redis uses. */
  async usedBytes(): Promise<number> {
    return Number((await this.redis.info("memory")).match(/used_memory:(\d+)/)![1]);
  }

  /** Gives what Redis would be billed for an act, as the gateway counts. */
  async billed(act: () => Promise<unknown>): Promise<number> {
    await this.#billing("DELETE");
    await act();
    return await this.#billing("GET");
  }

  async #billing(method: "GET" | "DELETE"): Promise<number> {
    const headers = { authorization: `Bearer ${this.token}` };
    const response = await fetch(`${this.url}/billing`, { method, headers });
    const { result } = await response.json();
    return result.commands;
  }

  /** Stops all; gives the lines that the gateway has noted, one a request. */
  async close(): Promise<string[]> {
    this.redis.disconnect();
    const rest = await stop(this.#gateway, this.#lines);
    await this.server.stop();
    await Deno.remove(this.#folder, { recursive: true });
    return rest.filter((line) => /^\d{4}-\d\d-\d\dT/.test(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

async function readUrl(lines: AsyncGenerator<string>): Promise<string> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done) throw new Error("The gateway has ended before it listened");
    const found = /^UPSTASH_REDIS_REST_URL=(.*)$/.exec(value);
    if (found) return found[1]!;
  }
}
