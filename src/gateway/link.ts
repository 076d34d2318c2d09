/** A TCP or TLS connection to Redis, made when it is needed and again after it was lost. */

import type { Buffer } from "node:buffer";
import { Redis } from "ioredis";
import { ConnectionError, isReplyError } from "./connection_error.ts";

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

const FIRST_PAUSE_MS = 20;
const MAX_PAUSE_MS = 200;

/** Keeps the client of one connection ready. */
export class Link {
  readonly redis: Redis;
  readonly #timeoutMs: number;
  #attempt: Promise<void> | undefined;
  #lastError: Error | undefined;
  #closed = false;

  constructor(
    { url, connectTimeout, introduced = true }: ConnectionOptions,
    onUnreadable: (error: unknown) => void,
  ) {
    this.#timeoutMs = connectTimeout;
    const redis = new Redis(url, {
      lazyConnect: true,
      enableReadyCheck: introduced,
      connectTimeout,
      // Only a connection that has failed is closed without asking Redis: nothing is waited for.
      disconnectTimeout: 1,
      // A command may have run when the connection broke: sending it again is the client's choice.
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      // The next request connects anew, and is told if it cannot.
      retryStrategy: () => null,
      enableOfflineQueue: false,
      // Integers as digits: a double would round those above 2^53.
      stringNumbers: true,
    });
    // Only kept to say why a connection failed: a request that suffers is told its own error.
    redis.on("error", (error: Error) => this.#lastError = error);
    redis.on("connect", () => catchUnreadable(redis, onUnreadable));
    this.redis = redis;
  }

  /** Whether a command can be sent now. */
  get isReady(): boolean {
    return this.redis.status === "ready" && this.redis.stream.writable && !this.#closed;
  }

  /**
   * Resolves when commands can be sent; nothing to wait for is `undefined`. While Redis is away, as
   * during a restart, each caller waits for its whole patience before it is told so.
   *
   * @throws {ConnectionError} if Redis cannot be reached.
   */
  ready(): Promise<void> | undefined {
    return this.isReady ? undefined : this.#wait();
  }

  async #wait(): Promise<void> {
    const deadline = performance.now() + this.#timeoutMs;
    for (let pause = FIRST_PAUSE_MS; !this.isReady; pause = Math.min(2 * pause, MAX_PAUSE_MS)) {
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
      this.#lastError = new Error(`no answer within ${this.#timeoutMs} ms`);
      this.drop();
    }, this.#timeoutMs);
    try {
      await this.redis.connect();
    } catch (error) {
      throw this.#lastError ?? error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Gives the connection up at once; the next request makes another. */
  drop(): void {
    this.redis.stream?.destroy();
  }

  /** Lets what was sent be answered, then closes. */
  async close(): Promise<void> {
    this.#closed = true;
    // Whoever waits for it is told how it ends.
    await this.#attempt?.catch(() => {});
    // There is no connection then, as none is made again by itself.
    if (this.redis.status !== "ready") return;
    const ended = new Promise<void>((resolve) => this.redis.once("end", () => resolve()));
    // A connection that breaks now is closed all the same.
    await this.redis.quit().catch(() => {});
    await ended;
  }
}

function unreachable(cause: unknown): ConnectionError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ConnectionError(`ERR cannot reach Redis, the command was not sent: ${reason}`, {
    cause,
  });
}

/**
 * The client's parser goes down by recursion, so a reply that is nested deeply enough makes it throw
 * where nobody would catch it: that must cost the connection, not the process.
 */
function catchUnreadable({ stream }: Redis, onUnreadable: (error: unknown) => void): void {
  const parsers = stream.listeners("data");
  stream.removeAllListeners("data");
  stream.on("data", (chunk: Buffer) => {
    try {
      for (const parse of parsers) parse.call(stream, chunk);
    } catch (error) {
      onUnreadable(error);
      stream.destroy();
    }
  });
}
