/** What each path of a gateway does; a route answers with the JSON text of a 200. */

import { Buffer } from "node:buffer";
import type { Access } from "./auth.ts";
import { Billing } from "./billing.ts";
import { readBytes, readText } from "./body.ts";
import { Catalog } from "./catalog.ts";
import { CommandError, type RedisCommand } from "./commands.ts";
import type { Connection, Reply } from "./connection.ts";
import { ConnectionError } from "./connection_error.ts";
import type { Admitted } from "./door.ts";
import { encodeError, type Encoder } from "./encode.ts";
import { parseCommand, parsePipeline, parseTransaction, pathCommand } from "./parse.ts";
import type { Pool } from "./pool.ts";
import { LockingScripts } from "./scripts.ts";
import type { SpareConnections } from "./spares.ts";
import { waits } from "./wait.ts";

/** Is a request that was let in, and how it wants its answer. */
export interface Asked extends Admitted {
  readonly encode: Encoder;
}

/** What a gateway has of connections: those that requests share, and those that they do not. */
export interface Connections {
  readonly pool: Pool;
  readonly spares: SpareConnections;
}

/** A command, or the error that stands in its place. */
type Checked = RedisCommand | CommandError;

/** The routes of one gateway. */
export class Routes {
  readonly billing: Billing;
  readonly #pool: Pool;
  readonly #spares: SpareConnections;
  readonly #maxBodyBytes: number;
  readonly #catalog: Catalog;
  readonly #scripts: LockingScripts;

  constructor({ pool, spares }: Connections, maxBodyBytes: number) {
    this.#pool = pool;
    this.#spares = spares;
    this.#maxBodyBytes = maxBodyBytes;
    this.#catalog = new Catalog(pool);
    this.#scripts = new LockingScripts(this.#catalog);
    this.billing = new Billing(pool);
  }

  /** Does what is asked. */
  answer(asked: Asked): Promise<string> {
    const [first, ...rest] = asked.address.path;
    // A slash at the end of a route is no argument.
    const alone = rest.length === 0 || rest.length === 1 && rest[0] === "";
    if (first === undefined) return this.#body(asked);
    if (alone && first === "pipeline") return this.#pipeline(asked);
    if (alone && first === "multi-exec") return this.#transaction(asked);
    if (alone && first === "billing" && ["GET", "DELETE"].includes(asked.request.method)) {
      return this.#billing(asked);
    }
    return this.#path(asked);
  }

  async #body({ request, access, encode }: Asked): Promise<string> {
    const text = await readText(request, this.#maxBodyBytes);
    return await this.#single(parseCommand(text), access, encode);
  }

  async #path({ request, address, access, encode }: Asked): Promise<string> {
    const body = await readBytes(request, this.#maxBodyBytes);
    const words = [...address.path, ...(body.length > 0 ? [body] : []), ...address.query];
    return await this.#single(pathCommand(words), access, encode);
  }

  async #single(asked: RedisCommand, access: Access, encode: Encoder): Promise<string> {
    const connection = await this.#prepare([asked], access);
    const [command] = this.#checked([asked], access);
    if (command instanceof CommandError) throw command;
    return resultOf(command!, await connection.send(command!), encode);
  }

  async #pipeline({ request, access, encode }: Asked): Promise<string> {
    const asked = parsePipeline(await readText(request, this.#maxBodyBytes));
    const shared = await this.#prepare(asked, access);
    const commands = this.#checked(asked, access);
    const run = async (connection: Connection) => {
      const answers = commands.map((command) => itemOf(command, connection, encode));
      return `[${(await Promise.all(answers)).join(",")}]`;
    };
    const last = commands.at(-1)!;
    // A wait counts the writes of its connection alone, and holds up what comes behind it.
    if (!(last instanceof CommandError) && waits(last)) return await this.#spares.use(run);
    return await run(shared);
  }

  async #transaction({ request, access, encode }: Asked): Promise<string> {
    const asked = parseTransaction(await readText(request, this.#maxBodyBytes));
    const connection = await this.#prepare(asked, access);
    const commands = this.#checked(asked, access).map((command) => {
      if (command instanceof CommandError) throw command;
      return command;
    });
    const replies = await connection.transaction(commands);
    const answers = replies.map((reply, index) =>
      reply instanceof Error ? encodeError(reply) : resultOf(commands[index]!, reply, encode)
    );
    return `[${answers.join(",")}]`;
  }

  async #billing({ request, access }: Asked): Promise<string> {
    if (request.method === "DELETE") {
      if (access !== "full") throw noPermission("billing");
      await this.billing.reset();
    }
    return JSON.stringify({ result: await this.billing.read() });
  }

  /** Picks a connection, when all is known of Redis that must be; mostly that is so at once. */
  #prepare(commands: readonly Checked[], access: Access): Connection | Promise<Connection> {
    const connection = this.#pool.pick();
    const waiting = connection.ready() ?? this.billing.begin() ?? this.#learn(commands, access);
    return waiting ? waiting.then(() => this.#prepare(commands, access)) : connection;
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

function itemOf(command: Checked, connection: Connection, encode: Encoder): Promise<string> {
  if (command instanceof CommandError) return Promise.resolve(encodeError(command));
  return connection.send(command)
    .then((reply) => resultOf(command, reply, encode))
    .catch((error) => {
      // What ran and what did not is unknown now: that is the whole request's failure.
      if (error instanceof ConnectionError) throw error;
      return encodeError(error);
    });
}

function resultOf({ answer }: RedisCommand, reply: Reply, encode: Encoder): string {
  return `{"result":${encode(answer === undefined ? reply : Buffer.from(answer))}}`;
}

function noPermission(name: string): CommandError {
  return new CommandError(
    `NOPERM this user has no permissions to run the '${name.toLowerCase()}' command`,
  );
}
