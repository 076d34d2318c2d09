import { CommandError, type RedisCommand } from "./commands.ts";
import { commandBytes } from "./command_bytes.ts";
import { ConnectionError, isReplyError, ProtocolError, SilenceError } from "./connection_error.ts";
import { type ConnectionOptions, Link } from "./link.ts";
import { SilenceWatch } from "./silence.ts";

/** Sends commands down one connection, pipelined, whichever requests they belong to. */
export class Connection {
  readonly #link: Link;
  readonly #watch: SilenceWatch;

  constructor(options: ConnectionOptions) {
    this.#link = new Link(options, {
      onSent: () => this.#watch.sent(),
      onSettled: () => this.#watch.settled(),
      lost,
    });
    this.#watch = new SilenceWatch({
      limitMs: options.commandTimeout,
      onSilence: () => this.#link.drop(new SilenceError(options.commandTimeout)),
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
    return this.#link.ready();
  }

  /**
   * Sends one command; concurrent ones share the connection. Its reply is read at once when it comes:
   * the bytes do not last.
   *
   * @throws {ReplyError} with Redis' own error text.
   * @throws {ConnectionError} if the connection broke before the reply.
   */
  send<T>(command: RedisCommand, read: (frame: Uint8Array) => T): Promise<T> {
    const { wire } = this.#link;
    if (wire === undefined) {
      return Promise.reject(
        new ConnectionError("ERR lost the connection to Redis, the command was not sent"),
      );
    }
    return wire.send(commandBytes(command), read);
  }

  /**
   * Runs commands as one transaction, all or none; one that fails when run does not stop the rest. What
   * is read is the list of their replies.
   *
   * @throws {CommandError} if Redis discarded it.
   * @throws {ConnectionError} if the connection broke before the reply.
   */
  async transaction<T>(
    commands: readonly RedisCommand[],
    read: (frame: Uint8Array) => T,
  ): Promise<T> {
    let firstError: Error | undefined;
    const queue = (command: RedisCommand) => {
      this.send(command, () => {}).catch((error: Error) => firstError ??= error);
    };
    // Nothing is awaited between MULTI and EXEC: no other request's command comes between them, and
    // they leave in one write.
    queue({ name: "MULTI", args: [] });
    commands.forEach(queue);
    const exec = this.send({ name: "EXEC", args: [] }, read);
    try {
      return await exec;
    } catch (error) {
      if (!isReplyError(error) || firstError === undefined) throw error;
      throw new CommandError(`EXECABORT Transaction discarded because of: ${firstError.message}`);
    }
  }

  /** Lets what was sent be answered, then closes. */
  async close(): Promise<void> {
    await this.#link.close();
    this.#watch.close();
  }
}

/** Says why a command has no answer. */
function lost(cause: Error | undefined): ConnectionError {
  if (cause instanceof ConnectionError) return cause;
  const broken = cause instanceof ProtocolError
    ? `cannot read a reply of Redis: ${cause.message}; the command may have run`
    : "lost the connection to Redis before the reply: the command may have run";
  return new ConnectionError(`ERR ${broken}`, { cause });
}
