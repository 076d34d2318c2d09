import { bearerOf, tokenCheck, type Tokens } from "./auth.ts";
import { type Address, readAddress } from "./address.ts";
import { BodyTooLargeError } from "./body.ts";
import { CommandError } from "./commands.ts";
import type { BillingReport } from "./billing.ts";
import { Connection, ConnectionError, isReplyError } from "./connection.ts";
import { encoderFor, errorText } from "./encode.ts";
import { type Asked, Routes } from "./routes.ts";
import { SpareConnections } from "./spares.ts";

/** Settles where a gateway finds its Redis and who may use it. */
export interface GatewayOptions {
  /** The URL of the Redis, such as `redis://127.0.0.1:6379` or `rediss://user:pass@host:6380/2`. */
  redis: string;
  /** The bearer token that every request must carry. It may not be empty. */
  token?: string;
  /**
   * A second token, which opens only commands that change nothing; neither `SCAN` nor `KEYS`.
   *
   * @default no such token
   */
  readOnlyToken?: string;
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
  /**
   * Says how many commands Redis has run since the first request, counted as Upstash bills them:
   * those inside of scripts, too, and those of other clients.
   *
   * @throws {Error} if Redis cannot be reached.
   */
  billing(): Promise<BillingReport>;
  /** Lets commands in flight finish, then closes the connection to Redis. */
  close(): Promise<void>;
}

const DEFAULT_MAX_BODY_BYTES = 10 * 1024 * 1024;
const METHODS = ["HEAD", "GET", "POST", "PUT"];

/**
 * Creates a gateway over one Redis; it connects with the first request.
 *
 * It serves a command as the JSON body of `POST /` or as a path (`/set/key/value?EX=100`),
 * `POST /pipeline` (each command for itself; the last may be a `WAIT`, which then counts the writes
 * of this pipeline and holds up no other request), `POST /multi-exec` (one transaction), and
 * `GET /billing` (how many commands were run; `DELETE` begins anew).
 *
 * @throws {TypeError} if the token is missing or empty and `insecure` is not set, if the read-only
 * token is empty or the same, or if `redis` is not the URL of a Redis.
 * @throws {RangeError} if `maxBodyBytes` is not a positive integer.
 */
export function gateway(options: GatewayOptions): Gateway {
  const maxBodyBytes = options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES;
  checkOptions(options.redis, maxBodyBytes);
  const admit = doorOf(options);
  const connection = new Connection(options.redis);
  const spares = new SpareConnections(() => new Connection(options.redis));
  const routes = new Routes({ connection, spares }, maxBodyBytes);
  const syncTokens = new SyncTokens();

  async function answer(request: Request): Promise<Response> {
    try {
      const asked = admit(request);
      const respond = (body: string | null, init: ResponseInit) =>
        new Response(request.method === "HEAD" ? null : body, init);
      const body = await routes.answer(asked);
      return respond(body, { headers: syncTokens.headers() });
    } catch (error) {
      return refuse(error, request.method);
    }
  }

  return {
    fetch: answer,
    billing: () => routes.billing.read(),
    close: async () => {
      await Promise.all([connection.close(), spares.close()]);
    },
  };
}

/** A request that is not let in. */
class RefusedError extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
    this.name = "RefusedError";
  }
}

/** Makes the check that each request passes first. */
function doorOf(tokens: Tokens): (request: Request) => Asked {
  const check = tokenCheck(tokens);
  return (request) => {
    const bearer = bearerOf(request.headers.get("authorization"));
    let address: Address | undefined;
    let malformed: unknown;
    try {
      address = readAddress(request.url);
    } catch (error) {
      malformed = error;
    }
    const access = check(bearer ?? address?.token);
    if (access === undefined) {
      throw new RefusedError(401, "WRONGPASS invalid or missing auth token");
    }
    if (address === undefined) throw malformed;
    const billing = address.path.length === 1 && address.path[0] === "billing";
    if (!METHODS.includes(request.method) && !(billing && request.method === "DELETE")) {
      throw new RefusedError(
        405,
        `ERR method ${request.method} is not supported, use ${METHODS.join(", ")}`,
      );
    }
    return { request, address, access, encode: encoderFor(request.headers) };
  };
}

/**
 * Tokens for reading one's own writes. There is one Redis here, which every request reaches, so
 * they only have to be new each time.
 */
class SyncTokens {
  readonly #prefix = crypto.randomUUID().slice(0, 8);
  #count = 0;

  headers(): HeadersInit {
    return {
      "content-type": "application/json",
      "upstash-sync-token": `${this.#prefix}:${++this.#count}`,
    };
  }
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

function refuse(error: unknown, method: string): Response {
  const status = statusOf(error);
  return new Response(method === "HEAD" ? null : JSON.stringify({ error: errorText(error) }), {
    status,
    headers: {
      "content-type": "application/json",
      ...(status === 405 ? { allow: METHODS.join(", ") } : {}),
    },
  });
}

function statusOf(error: unknown): number {
  if (error instanceof RefusedError) return error.status;
  if (error instanceof BodyTooLargeError) return 413;
  if (error instanceof ConnectionError) return 503;
  return error instanceof CommandError || isReplyError(error) ? 400 : 500;
}
