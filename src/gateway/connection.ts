import { Buffer } from "node:buffer";
import process from "node:process";
import { Command, Redis } from "ioredis";
import { type Argument, CommandError, type RedisCommand } from "./commands.ts";

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

/** The one connection of a gateway; commands of all requests are pipelined on it. */
export class Connection {
  readonly #redis: Redis;
  #connecting: Promise<void> | undefined;
  #lastError: Error | undefined;
  #corked = false;
  #closed = false;

  constructor(url: string) {
    this.#redis = new Redis(url, {
      lazyConnect: true,
      connectTimeout: CONNECT_TIMEOUT_MS,
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
    this.#redis.on("error", (error: Error) => this.#lastError = error);
  }

  /**
   * Resolves when commands can be sent; nothing to wait for is `undefined`.
   *
   * @throws {ConnectionError} if Redis cannot be reached.
   */
  ready(): Promise<void> | undefined {
    if (this.#closed) return Promise.reject(new ConnectionError("ERR the gateway is closed"));
    if (this.#redis.status === "ready") return undefined;
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #connect(): Promise<void> {
    this.#lastError = undefined;
    try {
      await this.#redis.connect();
    } catch (error) {
      const cause = this.#lastError ?? error;
      const reason = cause instanceof Error ? cause.message : String(cause);
      const message = `ERR cannot reach Redis, the command was not sent: ${reason}`;
      throw new ConnectionError(message, { cause });
    }
  }

  /**
   * Sends one command; concurrent ones share the connection.
   *
   * @throws {Error} with Redis' own error text.
   * @throws {ConnectionError} if the connection broke before the reply.
   */
  send({ name, args }: RedisCommand): Promise<Reply> {
    const command = new Command(name, args.map(asArgument), { replyEncoding: null });
    this.#corkForThisTurn();
    this.#redis.sendCommand(command);
    return command.promise.catch(rethrow);
  }

  /** What one turn of the event loop sends leaves in one write: a system call is the dearest part. */
  #corkForThisTurn(): void {
    if (this.#corked) return;
    this.#corked = true;
    // A reconnect may give the client another stream meanwhile.
    const { stream } = this.#redis;
    stream.cork();
    process.nextTick(() => {
      this.#corked = false;
      stream.uncork();
    });
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
    // Nothing is awaited between MULTI and EXEC: no other request's command comes between them, and
    // they leave in one write.
    queue({ name: "MULTI", args: [] });
    commands.forEach(queue);
    const exec = this.send({ name: "EXEC", args: [] });
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
    this.#closed = true;
    // Whoever waits for it is told how it ends.
    await this.#connecting?.catch(() => {});
    // There is no connection then, as none is made again by itself.
    if (redis.status !== "ready") return;
    const ended = new Promise<void>((resolve) => redis.once("end", () => resolve()));
    // A connection that breaks now is closed all the same.
    await redis.quit().catch(() => {});
    await ended;
  }
}

function asArgument(arg: Argument): string | Buffer {
  return typeof arg === "string" ? arg : Buffer.from(arg);
}

/** Tells an error that Redis answered with from one of the way there. */
export function isReplyError(error: unknown): error is Error {
  return error instanceof Error && error.name === "ReplyError";
}

function rethrow(error: unknown): never {
  if (isReplyError(error)) throw error;
  throw new ConnectionError(
    "ERR lost the connection to Redis before the reply: the command may have run",
    { cause: error },
  );
}
