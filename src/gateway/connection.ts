import type { Buffer } from "node:buffer";
import { Command, Redis } from "ioredis";
import { CommandError, type RedisCommand } from "./commands.ts";

/** A reply of Redis: bytes, an integer in decimal digits, nothing, a list, or an error in one. */
export type Reply = Buffer | string | null | Error | Reply[];

/** Redis could not be reached, or went away before it answered. */
export class ConnectionError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ConnectionError";
  }
}

const CONNECT_TIMEOUT_MS = 5_000;
const RECONNECT_MAX_MS = 1_000;

/** The one connection of a gateway; commands of all requests are pipelined on it. */
export class Connection {
  readonly #redis: Redis;
  #becomingReady: Promise<void> | undefined;

  constructor(url: string) {
    this.#redis = new Redis(url, {
      lazyConnect: true,
      connectTimeout: CONNECT_TIMEOUT_MS,
      // A command may have run when the connection broke: sending it again is the client's choice.
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      // While disconnected requests wait in ready(), where they can be told why.
      enableOfflineQueue: false,
      // Integers as digits: a double would round those above 2^53.
      stringNumbers: true,
      retryStrategy: (times) => Math.min(times * 50, RECONNECT_MAX_MS),
    });
    // Each failed request is told its own error; unheard events would only be printed.
    this.#redis.on("error", () => {});
  }

  /**
   * Resolves when commands can be sent.
   *
   * @throws {ConnectionError} if the next attempt to connect fails.
   */
  ready(): Promise<void> | undefined {
    if (this.#redis.status === "ready") return undefined;
    this.#becomingReady ??= this.#untilReady().finally(() => {
      this.#becomingReady = undefined;
    });
    return this.#becomingReady;
  }

  #untilReady(): Promise<void> {
    const redis = this.#redis;
    if (redis.status === "end") {
      return Promise.reject(new ConnectionError("ERR the gateway is closed"));
    }
    return new Promise((resolve, reject) => {
      let cause: unknown;
      const listeners = {
        ready: () => settle(resolve),
        error: (error: unknown) => cause = error,
        close: () =>
          settle(() => {
            const message = "ERR cannot reach Redis: the command was not sent";
            reject(new ConnectionError(message, { cause }));
          }),
      };
      function settle(then: () => void): void {
        for (const [event, listener] of Object.entries(listeners)) redis.off(event, listener);
        then();
      }
      for (const [event, listener] of Object.entries(listeners)) redis.on(event, listener);
      // The listeners above hear how it ends.
      if (redis.status === "wait") redis.connect().catch(() => {});
    });
  }

  /**
   * Sends one command; concurrent ones share the connection.
   *
   * @throws {Error} with Redis' own error text.
   * @throws {ConnectionError} if the connection broke before the reply.
   */
  send({ name, args }: RedisCommand): Promise<Reply> {
    const command = new Command(name, args, { replyEncoding: null });
    this.#redis.sendCommand(command);
    return command.promise.catch(rethrow);
  }

  /**
   * Runs commands as one transaction, all or none; one that fails when run does not stop the rest.
   *
   * @throws {CommandError} if Redis discarded it.
   * @throws {ConnectionError} if the connection broke before the reply.
   */
  async transaction(commands: readonly RedisCommand[]): Promise<Reply[]> {
    let firstError: Error | undefined;
    const queue = (command: RedisCommand) => {
      this.send(command).catch((error: Error) => firstError ??= error);
    };
    // Nothing is awaited between MULTI and EXEC, so no other request's command comes between.
    const { stream } = this.#redis;
    stream.cork();
    queue({ name: "MULTI", args: [] });
    commands.forEach(queue);
    const exec = this.send({ name: "EXEC", args: [] });
    stream.uncork();
    try {
      return await exec as Reply[];
    } catch (error) {
      if (error instanceof ConnectionError || firstError === undefined) throw error;
      throw new CommandError(`EXECABORT Transaction discarded because of: ${firstError.message}`);
    }
  }

  /** Lets what was sent be answered, then closes. */
  async close(): Promise<void> {
    const redis = this.#redis;
    if (redis.status === "end" || redis.status === "wait") return redis.disconnect();
    const ended = new Promise<void>((resolve) => redis.once("end", () => resolve()));
    if (redis.status === "ready") {
      // A connection that breaks now is closed all the same.
      await redis.quit().catch(() => {});
    }
    redis.disconnect();
    await ended;
  }
}

function rethrow(error: unknown): never {
  if (error instanceof Error && error.name === "ReplyError") throw error;
  throw new ConnectionError(
    "ERR lost the connection to Redis before the reply: the command may have run",
    { cause: error },
  );
}
