import { Buffer } from "node:buffer";
import process from "node:process";
import { Command } from "ioredis";
import { type Argument, CommandError, type RedisCommand } from "./commands.ts";
import { ConnectionError, isReplyError, SilenceError } from "./connection_error.ts";
import { type ConnectionOptions, Link } from "./link.ts";
import { SilenceWatch } from "./silence.ts";

/** A reply of Redis: bytes, an integer in decimal digits, nothing, a list, or an error in one. */
export type Reply = Buffer | string | null | Error | Reply[];

/** Goes to the socket as bytes: a stream takes many times as long to encode a long text itself. */
class EncodedCommand extends Command {
  override toWritable(socket: object): string | Buffer {
    const written = super.toWritable(socket);
    return typeof written === "string" ? Buffer.from(written) : written;
  }
}

/** Sends commands down one connection, pipelined, whichever requests they belong to. */
export class Connection {
  readonly #link: Link;
  readonly #watch: SilenceWatch;
  /** Why the connection was given up, where that is better known than "it broke". */
  #failure: ConnectionError | undefined;
  #corked = false;

  constructor(options: ConnectionOptions) {
    this.#link = new Link(options, (error) => this.#failure = unreadable(error));
    this.#watch = new SilenceWatch({
      limitMs: options.commandTimeout,
      onSilence: () => {
        this.#failure = new SilenceError(options.commandTimeout);
        this.#link.drop();
      },
    });
  }

  /** How many commands wait for their answer. */
  get pending(): number {
    return this.#watch.pending;
  }

  /** For how many milliseconds answers have been due and none has come. */
  get silentMs(): number {
    return this.#watch.silentMs;
  }

  /**
   * Resolves when commands can be sent; nothing to wait for is `undefined`.
   *
   * @throws {ConnectionError} if Redis cannot be reached.
   */
  ready(): Promise<void> | undefined {
    const waiting = this.#link.ready();
    if (waiting !== undefined) this.#failure = undefined;
    return waiting;
  }

  /**
   * Sends one command; concurrent ones share the connection.
   *
   * @throws {Error} with Redis' own error text.
   * @throws {ConnectionError} if the connection broke before the reply.
   */
  send({ name, args }: RedisCommand): Promise<Reply> {
    if (!this.#link.isReady) {
      return Promise.reject(
        new ConnectionError("ERR lost the connection to Redis, the command was not sent"),
      );
    }
    const command = new EncodedCommand(name, args.map(asArgument), { replyEncoding: null });
    this.#corkForThisTurn();
    this.#watch.sent();
    this.#link.redis.sendCommand(command);
    return command.promise.then(this.#settled, this.#failed);
  }

  readonly #settled = (reply: Reply): Reply => {
    this.#watch.settled();
    return reply;
  };

  readonly #failed = (error: unknown): never => {
    this.#watch.settled();
    if (isReplyError(error)) throw error;
    throw this.#failure ?? new ConnectionError(
      "ERR lost the connection to Redis before the reply: the command may have run",
      { cause: error },
    );
  };

  /** What one turn of the event loop sends leaves in one write: a system call is the dearest part. */
  #corkForThisTurn(): void {
    if (this.#corked) return;
    this.#corked = true;
    // A reconnect may give the client another stream meanwhile.
    const { stream } = this.#link.redis;
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
    await this.#link.close();
    this.#watch.close();
  }
}

function asArgument(arg: Argument): string | Buffer {
  return typeof arg === "string" ? arg : Buffer.from(arg);
}

function unreadable(cause: unknown): ConnectionError {
  const reason = cause instanceof RangeError ? "it is nested too deeply" : String(cause);
  return new ConnectionError(
    `ERR cannot read a reply of Redis: ${reason}; the command may have run`,
    { cause },
  );
}
