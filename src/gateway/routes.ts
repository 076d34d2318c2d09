/** What each path of a gateway does. */

import { countNames } from "./access_log.ts";
import type { Access } from "./auth.ts";
import { Billing } from "./billing.ts";
import { readBytes, readText } from "./body.ts";
import { Catalog } from "./catalog.ts";
import { CommandError, endsScript, type RedisCommand } from "./commands.ts";
import type { Connection } from "./connection.ts";
import { ConnectionError } from "./connection_error.ts";
import type { Admitted } from "./door.ts";
import type { EventStreams } from "./event_stream.ts";
import { type Format, JSON_FORMAT } from "./format.ts";
import { parseCommand, parsePipeline, parseTransaction, pathCommand } from "./parse.ts";
import type { Settings } from "./options.ts";
import type { Pool } from "./pool.ts";
import { errorOf, itemsOf } from "./reply.ts";
import { limited, ReplyTooLargeError } from "./reply_limit.ts";
import { LockingScripts } from "./scripts.ts";
import type { SpareConnections } from "./spares.ts";
import type { Topic } from "./subscriber.ts";
import { topicsOf } from "./topics.ts";
import { waits } from "./wait.ts";

/** Is a request that was let in, and how it wants its answer. */
export interface Asked extends Admitted {
  readonly format: Format;
  /** Where the names of its commands are noted. */
  readonly names: string[];
}

/** What a request is answered with 200. */
export interface Answer {
  readonly contentType: string;
  readonly body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** What a gateway has of connections: those that requests share, and those that they do not. */
export interface Connections {
  readonly pool: Pool;
  readonly spares: SpareConnections;
  /** They reach a Redis that is busy with a script. */
  readonly lifelines: SpareConnections;
  readonly streams: EventStreams;
}

/** A command, or the error that stands in its place. */
type Checked = RedisCommand | CommandError;

/** The routes of one gateway. */
export class Routes {
  readonly billing: Billing;
  readonly #pool: Pool;
  readonly #spares: SpareConnections;
  readonly #lifelines: SpareConnections;
  readonly #streams: EventStreams;
  readonly #maxBodyBytes: number;
  readonly #maxReplyBytes: number;
  readonly #catalog: Catalog;
  readonly #scripts: LockingScripts;

  constructor(
    { pool, spares, lifelines, streams }: Connections,
    { maxBodyBytes, maxReplyBytes }: Pick<Settings, "maxBodyBytes" | "maxReplyBytes">,
  ) {
    this.#pool = pool;
    this.#spares = spares;
    this.#lifelines = lifelines;
    this.#streams = streams;
    this.#maxBodyBytes = maxBodyBytes;
    this.#maxReplyBytes = maxReplyBytes;
    this.#catalog = new Catalog(pool);
    this.#scripts = new LockingScripts(this.#catalog);
    this.billing = new Billing(pool);
  }

  /** Does what is asked. */
  answer(asked: Asked): Promise<Answer> {
    const format = limited(asked.format, this.#maxReplyBytes);
    return this.#route({ ...asked, format });
  }

  async #route(asked: Asked): Promise<Answer> {
    const [first, ...rest] = asked.address.path;
    // A slash at the end of a route is no argument.
    const alone = rest.length === 0 || rest.length === 1 && rest[0] === "";
    if (alone && first === "multi-exec") {
      // There is no other format for it.
      const { format } = asked.format.contentType === JSON_FORMAT.contentType
        ? asked
        : { format: limited(JSON_FORMAT, this.#maxReplyBytes) };
      return written(await this.#transaction({ ...asked, format }), format);
    }
    if (alone && first === "billing" && ["GET", "DELETE"].includes(asked.request.method)) {
      return written(await this.#billing(asked), JSON_FORMAT);
    }
    const topics = topicsOf(asked);
    if (topics !== undefined) return await this.#subscription(asked, topics);
    if (alone && first === "pipeline") return written(await this.#pipeline(asked), asked.format);
    return written(
      await (first === undefined ? this.#body(asked) : this.#path(asked)),
      asked.format,
    );
  }

  /** Counts the names of commands as an access log may show them. */
  async count(names: readonly string[]): Promise<Record<string, number>> {
    // A user who may not ask for commands is served all the same.
    await this.#catalog.load()?.catch(() => {});
    return countNames(names, (name) => this.#catalog.knows(name));
  }

  async #body(asked: Asked): Promise<string> {
    return await this.#single(
      parseCommand(await readText(asked.request, this.#maxBodyBytes)),
      asked,
    );
  }

  async #path(asked: Asked): Promise<string> {
    const { address, request } = asked;
    const body = await readBytes(request, this.#maxBodyBytes);
    const words = [...address.path, ...(body.length > 0 ? [body] : []), ...address.query];
    return await this.#single(pathCommand(words), asked);
  }

  async #single(parsed: RedisCommand, asked: Asked): Promise<string> {
    if (endsScript(parsed)) {
      return await this.#endScript(parsed, asked);
    }
    const connection = await this.#prepare([parsed], asked);
    const [command] = this.#checked([parsed], asked.access);
    if (command instanceof CommandError) throw command;
    return await ask(command!, connection, asked.format);
  }

  // Nothing is asked of Redis before it: one that is busy answers nothing else.
  #endScript(command: RedisCommand, { access, names, request, format }: Asked): Promise<string> {
    names.push(command.name);
    if (access !== "full") throw noPermission(command.name);
    return this.#lifelines.use(
      (connection) => ask(command, connection, format),
      request.signal,
    );
  }

  async #pipeline(asked: Asked): Promise<string> {
    const parsed = parsePipeline(await readText(asked.request, this.#maxBodyBytes));
    const [first] = parsed;
    // The client of Upstash sends what it is told alone in a pipeline.
    if (parsed.length === 1 && !(first instanceof CommandError) && endsScript(first!)) {
      const send = () => this.#endScript(first!, asked);
      return asked.format.list([await itemOf(first!, send, asked.format)]);
    }
    const shared = await this.#prepare(parsed, asked);
    const commands = this.#checked(parsed, asked.access);
    const run = async (connection: Connection) => {
      const send = (command: RedisCommand) => ask(command, connection, asked.format);
      const answers = commands.map((command) => itemOf(command, send, asked.format));
      return asked.format.list(await Promise.all(answers));
    };
    const last = commands.at(-1)!;
    // A wait counts the writes of its connection alone, and holds up what comes behind it.
    if (!(last instanceof CommandError) && waits(last)) {
      return await this.#spares.use(run, asked.request.signal);
    }
    return await run(shared);
  }

  async #transaction(asked: Asked): Promise<string> {
    const parsed = parseTransaction(await readText(asked.request, this.#maxBodyBytes));
    const connection = await this.#prepare(parsed, asked);
    const commands = this.#checked(parsed, asked.access).map((command) => {
      if (command instanceof CommandError) throw command;
      return command;
    });
    const { format } = asked;
    const answer = (frame: Uint8Array, index: number) => {
      const error = errorOf(frame);
      return error === undefined ? format.result(commands[index]!, frame) : format.error(error);
    };
    return await connection.transaction(commands, (list) => format.list(itemsOf(list).map(answer)));
  }

  async #subscription({ access, names }: Asked, topics: readonly Topic[]): Promise<Answer> {
    names.push(topics[0]!.kind.toUpperCase());
    if (access !== "full") throw noPermission(topics[0]!.kind);
    return { contentType: "text/event-stream", body: await this.#streams.open(topics) };
  }

  async #billing({ request, access }: Asked): Promise<string> {
    if (request.method === "DELETE") {
      if (access !== "full") throw noPermission("billing");
      await this.billing.reset();
    }
    return JSON.stringify({ result: await this.billing.read() });
  }

  /** Picks a connection, when all is known of Redis that must be; mostly that is so at once. */
  #prepare(commands: readonly Checked[], asked: Asked): Connection | Promise<Connection> {
    const connection = this.#pool.pick();
    const waiting = connection.ready() ?? this.billing.begin() ??
      this.#learn(commands, asked.access);
    if (waiting) return waiting.then(() => this.#prepare(commands, asked));
    for (const command of commands) {
      if (!(command instanceof CommandError)) asked.names.push(command.name);
    }
    return connection;
  }

  #learn(commands: readonly Checked[], access: Access): Promise<void> | undefined {
    const asksForLocking = commands.some((command) =>
      !(command instanceof CommandError) && this.#scripts.concerns(command)
    );
    return access === "read" || asksForLocking ? this.#catalog.load() : undefined;
  }

  #checked(commands: readonly Checked[], access: Access): Checked[] {
    return commands.map((command) => {
      if (command instanceof CommandError) return command;
      if (access === "read" && !this.#catalog.reads(command)) return noPermission(command.name);
      return this.#scripts.translate(command);
    });
  }
}

function ask(command: RedisCommand, connection: Connection, format: Format): Promise<string> {
  return connection.send(command, (frame) => format.result(command, frame));
}

async function itemOf(
  command: Checked,
  send: (command: RedisCommand) => Promise<string>,
  format: Format,
): Promise<string> {
  if (command instanceof CommandError) return format.error(command);
  try {
    return await send(command);
  } catch (error) {
    // What ran and what did not is unknown now: that is the whole request's failure. As is an answer
    // that would grow without end.
    if (error instanceof ConnectionError || error instanceof ReplyTooLargeError) throw error;
    return format.error(error);
  }
}

function written(text: string, { body, contentType }: Format): Answer {
  return { contentType, body: body(text) };
}

function noPermission(name: string): CommandError {
  return new CommandError(
    `NOPERM this user has no permissions to run the '${name.toLowerCase()}' command`,
  );
}
