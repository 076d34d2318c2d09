/** A TCP or TLS connection to Redis, made when it is needed and again after it was lost. */

import { Redis } from "ioredis";
import { commandBytes } from "./command_bytes.ts";
import { ConnectionError, isReplyError } from "./connection_error.ts";
import { Wire, type WireOptions } from "./wire.ts";

/** How a gateway reaches its Redis, and how patient it is. */
export interface ConnectionOptions {
  readonly url: string;
  /** How long a request waits for a connection, in milliseconds. */
  readonly connectTimeout: number;
  /** How long a command waits for its answer, in milliseconds. */
  readonly commandTimeout: number;
  /** Whether a connection counts only when Redis has told of itself, which a busy one does not. */
  readonly introduced?: boolean;
}

/** It is answered when all that was sent before is. */
const QUIT = commandBytes({ name: "QUIT", args: [] });
const FIRST_PAUSE_MS = 20;
const MAX_PAUSE_MS = 200;

/**
 * Keeps one connection ready. The client of Redis finds the way there: it connects, by TLS if need be,
 * authenticates, selects the database and waits until Redis has loaded. From then on the stream is the
 * wire's, which is several times as fast as the client.
 */
export class Link {
  readonly #redis: Redis;
  #wire: Wire | undefined;
  readonly #timeoutMs: number;
  #attempt: Promise<void> | undefined;
  #lastError: Error | undefined;
  #closed = false;

  constructor(
    { url, connectTimeout, introduced = true }: ConnectionOptions,
    wireOptions: WireOptions,
  ) {
    this.#timeoutMs = connectTimeout;
    const redis = new Redis(url, {
      lazyConnect: true,
      enableReadyCheck: introduced,
      connectTimeout,
      // Only a connection that has failed is closed without asking Redis: nothing is waited for.
      disconnectTimeout: 1,
      // The next request connects anew, and is told if it cannot.
      retryStrategy: () => null,
      enableOfflineQueue: false,
    });
    // Only kept to say why a connection failed: a request that suffers is told its own error.
    redis.on("error", (error: Error) => this.#lastError = error);
    // The client's own commands have been answered by then.
    redis.on("ready", () => this.#wire = new Wire(redis.stream, wireOptions));
    this.#redis = redis;
  }

  /** What commands can be sent by now; undefined where there is no connection. */
  get wire(): Wire | undefined {
    const isOpen = this.#redis.status === "ready" && this.#redis.stream.writable;
    return isOpen && !this.#closed ? this.#wire : undefined;
  }

  /**
   * Resolves when commands can be sent; nothing to wait for is `undefined`. While Redis is away, as
   * during a restart, each caller waits for its whole patience before it is told so.
   *
   * @throws {ConnectionError} if Redis cannot be reached.
   */
  ready(): Promise<void> | undefined {
    return this.wire === undefined ? this.#wait() : undefined;
  }

  async #wait(): Promise<void> {
    const deadline = performance.now() + this.#timeoutMs;
    for (
      let pause = FIRST_PAUSE_MS;
      this.wire === undefined;
      pause = Math.min(2 * pause, MAX_PAUSE_MS)
    ) {
      if (this.#closed) throw new ConnectionError("ERR the gateway is closed");
      try {
        await (this.#attempt ??= this.#connect().finally(() => this.#attempt = undefined));
      } catch (error) {
        // A wrong password is wrong the next time, too.
        if (isReplyError(error) || performance.now() + pause > deadline) throw unreachable(error);
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  async #connect(): Promise<void> {
    this.#lastError = undefined;
    // A Redis that hangs takes the connection, and says nothing.
    const timer = setTimeout(() => {
      this.drop(new Error(`no answer within ${this.#timeoutMs} ms`));
    }, this.#timeoutMs);
    try {
      await this.#redis.connect();
    } catch (error) {
      throw this.#lastError ?? error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Gives the connection up at once; the next request makes another. */
  drop(reason: Error): void {
    this.#lastError = reason;
    this.#redis.stream?.destroy(reason);
  }

  /** Lets what was sent be answered, then closes. */
  async close(): Promise<void> {
    this.#closed = true;
    // Whoever waits for it is told how it ends.
    await this.#attempt?.catch(() => {});
    // There is no connection then, as none is made again by itself.
    if (this.#redis.status !== "ready") return;
    const ended = new Promise<void>((resolve) => this.#redis.once("end", () => resolve()));
    // A connection that breaks now is closed all the same.
    await this.#wire?.send(QUIT, () => {}).catch(() => {});
    this.#redis.disconnect();
    await ended;
  }
}

function unreachable(cause: unknown): ConnectionError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ConnectionError(`ERR cannot reach Redis, the command was not sent: ${reason}`, {
    cause,
  });
}
