import type { GatewayLogEntry } from "./access_log.ts";

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
  /**
   * The largest answer to one request, in bytes; a larger one is answered with 400, though its
   * commands have run.
   *
   * @default 67_108_864
   */
  maxReplyBytes?: number;
  /**
   * How many connections to Redis the requests share, at most; one more is opened only when those
   * there are held up.
   *
   * @default 4
   */
  connections?: number;
  /**
   * How long a request waits for a connection while Redis is away, in milliseconds; then it is
   * answered with 503. Nothing of it has been sent by then.
   *
   * @default 2_000
   */
  connectTimeout?: number;
  /**
   * How long Redis may be silent before a request is answered with 504 and the connection replaced,
   * in milliseconds. What the request asked for may have happened.
   *
   * @default 10_000
   */
  commandTimeout?: number;
  /**
   * Is told of each request when it has been answered; what it throws is ignored.
   *
   * @default nothing is logged
   */
  log?: (entry: GatewayLogEntry) => void;
}

/** The names there are: a mistyped one must not pass for one that was left out. */
const KNOWN: Readonly<Record<keyof GatewayOptions, true>> = {
  ...{ redis: true, token: true, readOnlyToken: true, insecure: true },
  ...{ maxBodyBytes: true, maxReplyBytes: true, connections: true },
  ...{ connectTimeout: true, commandTimeout: true, log: true },
};

/** Options with nothing left open. */
export interface Settings {
  readonly maxBodyBytes: number;
  readonly maxReplyBytes: number;
  readonly connections: number;
  readonly connectTimeout: number;
  readonly commandTimeout: number;
}

const DEFAULTS: Settings = {
  maxBodyBytes: 10 * 1024 * 1024,
  maxReplyBytes: 64 * 1024 * 1024,
  connections: 4,
  connectTimeout: 2_000,
  commandTimeout: 10_000,
};

/**
 * Fills in what options leave open. A URL may hold a password: no error repeats it.
 *
 * @throws {TypeError} if `redis` is not the URL of a Redis, or there is no such option.
 * @throws {RangeError} if a number is not a positive integer.
 */
export function settingsOf(options: GatewayOptions): Settings {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(KNOWN, name));
  if (unknown !== undefined) {
    const known = Object.keys(KNOWN).join(", ");
    throw new TypeError(
      `Cannot create gateway: there is no option "${unknown}"; there are ${known}`,
    );
  }
  if (!/^rediss?:\/\//.test(options.redis) || !URL.canParse(options.redis)) {
    throw new TypeError(
      "Cannot create gateway: redis is not a URL such as redis://127.0.0.1:6379",
    );
  }
  const settings = { ...DEFAULTS };
  for (const name of Object.keys(DEFAULTS) as (keyof Settings)[]) {
    const value = options[name] ?? DEFAULTS[name];
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(
        `Cannot create gateway: ${name} is ${value}, it must be a positive integer`,
      );
    }
    settings[name] = value;
  }
  return settings;
}
