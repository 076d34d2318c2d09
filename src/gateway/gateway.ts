import { bearerCheck } from "./auth.ts";
import { BodyTooLargeError, readText } from "./body.ts";
import { CommandError, type RedisCommand } from "./commands.ts";
import { Connection, ConnectionError, isReplyError } from "./connection.ts";
import { encodeError, type Encoder, encoderFor, errorText } from "./encode.ts";
import { parseCommand, parseCommands } from "./parse.ts";
import { ScriptShebangs } from "./shebang.ts";

/** Settles where a gateway finds its Redis and who may use it. */
export interface GatewayOptions {
  /** The URL of the Redis, such as `redis://127.0.0.1:6379` or `rediss://user:pass@host:6380/2`. */
  redis: string;
  /** The bearer token that every request must carry. It may not be empty. */
  token?: string;
  /**
   * Serves without a token: whoever reaches the port owns the database.
   *
   * @default false
   */
  insecure?: boolean;
  /**
   * The largest request body taken, in bytes; a larger one is answered with 413.
   *
   * @default 10_485_760
   */
  maxBodyBytes?: number;
}

/** Answers Upstash's REST protocol from a plain Redis. */
export interface Gateway {
  /**
   * Answers one HTTP request. It needs no `this`, so it can be handed to `Deno.serve` as it is.
   */
  readonly fetch: (request: Request) => Promise<Response>;
  /** Lets commands in flight finish, then closes the connection to Redis. */
  close(): Promise<void>;
}

const DEFAULT_MAX_BODY_BYTES = 10 * 1024 * 1024;
const JSON_HEADERS = { "content-type": "application/json" };
const OK: ResponseInit = { status: 200, headers: JSON_HEADERS };

/**
 * Creates a gateway over one Redis; it connects with the first request.
 *
 * It serves `POST /` (one command), `POST /pipeline` (each command for itself) and
 * `POST /multi-exec` (one transaction).
 *
 * @throws {TypeError} if the token is missing or empty and `insecure` is not set, or if `redis` is
 * not the URL of a Redis.
 * @throws {RangeError} if `maxBodyBytes` is not a positive integer.
 */
export function gateway(options: GatewayOptions): Gateway {
  const maxBodyBytes = options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES;
  checkOptions(options.redis, maxBodyBytes);
  const allows = bearerCheck(options);
  const connection = new Connection(options.redis);
  const routes = new Routes(connection);

  async function answer(request: Request): Promise<Response> {
    if (!allows(request.headers.get("authorization"))) {
      return refuse(401, "WRONGPASS invalid or missing auth token");
    }
    if (request.method !== "POST") {
      return refuse(405, `ERR method ${request.method} is not supported, use POST`);
    }
    const route = routes.find(pathOf(request.url));
    if (!route) {
      return refuse(404, "ERR no such path, use /, /pipeline or /multi-exec");
    }
    try {
      const text = await readText(request, maxBodyBytes);
      return new Response(await route(text, encoderFor(request.headers)), OK);
    } catch (error) {
      return refuse(statusOf(error), errorText(error));
    }
  }

  return { fetch: answer, close: () => connection.close() };
}

/** A URL may hold a password: no error repeats it. */
function checkOptions(redis: string, maxBodyBytes: number): void {
  if (!/^rediss?:\/\//.test(redis) || !URL.canParse(redis)) {
    throw new TypeError(
      "Cannot create gateway: redis is not a URL such as redis://127.0.0.1:6379",
    );
  }
  if (!Number.isSafeInteger(maxBodyBytes) || maxBodyBytes < 1) {
    throw new RangeError(
      `Cannot create gateway: maxBodyBytes is ${maxBodyBytes}, it must be a positive integer`,
    );
  }
}

type Route = (text: string, encode: Encoder) => Promise<string>;

/** What each path does with a body; a route answers with the JSON text of a 200. */
class Routes {
  readonly #connection: Connection;
  readonly #shebangs = new ScriptShebangs();
  readonly #routes: ReadonlyMap<string, Route>;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#routes = new Map<string, Route>([
      ["/", (text, encode) => this.#single(text, encode)],
      ["/pipeline", (text, encode) => this.#pipeline(text, encode)],
      ["/multi-exec", (text, encode) => this.#transaction(text, encode)],
    ]);
  }

  find(path: string): Route | undefined {
    return this.#routes.get(path);
  }

  async #single(text: string, encode: Encoder): Promise<string> {
    const command = this.#shebangs.translate(parseCommand(text));
    await this.#connection.ready();
    return `{"result":${encode(await this.#connection.send(command))}}`;
  }

  async #pipeline(text: string, encode: Encoder): Promise<string> {
    const commands = parseCommands(text);
    await this.#connection.ready();
    const answers = commands.map((command) => this.#item(command, encode));
    return `[${(await Promise.all(answers)).join(",")}]`;
  }

  #item(command: RedisCommand | CommandError, encode: Encoder): Promise<string> {
    if (command instanceof CommandError) return Promise.resolve(encodeError(command));
    return this.#connection.send(this.#shebangs.translate(command)).then(
      (reply) => `{"result":${encode(reply)}}`,
      (error) => {
        // What ran and what did not is unknown now: that is the whole request's failure.
        if (error instanceof ConnectionError) throw error;
        return encodeError(error);
      },
    );
  }

  async #transaction(text: string, encode: Encoder): Promise<string> {
    const commands = parseCommands(text).map((command) => {
      if (command instanceof CommandError) throw command;
      return this.#shebangs.translate(command);
    });
    await this.#connection.ready();
    const replies = await this.#connection.transaction(commands);
    const answers = replies.map((reply) =>
      reply instanceof Error ? encodeError(reply) : `{"result":${encode(reply)}}`
    );
    return `[${answers.join(",")}]`;
  }
}

function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start === -1) return "/";
  const query = url.indexOf("?", start);
  const path = query === -1 ? url.slice(start) : url.slice(start, query);
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

function statusOf(error: unknown): number {
  if (error instanceof BodyTooLargeError) return 413;
  if (error instanceof ConnectionError) return 503;
  return error instanceof CommandError || isReplyError(error) ? 400 : 500;
}

function refuse(status: number, error: string): Response {
  return new Response(JSON.stringify({ error }), { status, headers: JSON_HEADERS });
}
