/** Turns what clients throw into Dabba's errors, without keys, tokens or payloads. */

import { BrokerError, DabbaError } from "../../errors.ts";
import { ownWords } from "./own_words.ts";
import { ReplyShapeError } from "./reply.ts";
import { RestError } from "./rest_error.ts";

interface Kind {
  /** What the store's own words say. */
  readonly words: RegExp;
  /** The state, and the way out. */
  readonly detail: string;
  readonly retryable: boolean;
  readonly full?: boolean;
  readonly retryAfterMs?: number;
}

/** Where nobody hands over what `Retry-After` says: a second is the least that it can. */
const RETRY_AFTER_MS = 1_000;

/** What is used up comes back with the next period: a look a minute finds out. */
const QUOTA_MS = 60_000;

const retryable = (words: RegExp, detail: string): Kind => ({ words, detail, retryable: true });
const fatal = (words: RegExp, detail: string): Kind => ({ words, detail, retryable: false });

/** What a store answers, in its words or in Upstash's; the first that fits counts. */
const KINDS: readonly Kind[] = [
  {
    words: /\bOOM\b|DB capacity quota exceeded|max single record size exceeded/,
    detail: "Redis is full, nothing was written; free memory, or raise its limit",
    retryable: true,
    full: true,
  },
  {
    words: /max (daily |monthly )?requests? limit exceeded/,
    detail:
      "the database has used up its requests; raise its plan or budget, or wait for the next period",
    retryable: true,
    retryAfterMs: QUOTA_MS,
  },
  fatal(
    /max request size exceeded|request entity too large|payload too large|body is larger than/i,
    "the request is larger than the database takes; send fewer or smaller messages at once",
  ),
  fatal(
    /max key size exceeded/,
    "a key is larger than the database takes; choose a shorter namespace or queue name",
  ),
  fatal(
    /\b(WRONGPASS|NOAUTH)\b|^Unauthorized/i,
    "the token was refused; check UPSTASH_REDIS_REST_TOKEN, or the token given, and start again",
  ),
  fatal(
    // What a script may not do, Redis 7.0 tells in other words than what a client may not.
    /\bNOPERM\b|The user executing the script/,
    "the token's user lacks a permission; it needs scripts and all keys of the namespace",
  ),
  fatal(
    /\bWRONGTYPE\b/,
    "a key of the namespace holds something else; choose another namespace",
  ),
  fatal(
    /Dynamic keys are not allowed/,
    "a script touched a key that it did not declare; leave keyLocking off, and report it",
  ),
  fatal(
    /flag in script shebang|flags? in script/,
    "this Redis knows no key locking; leave keyLocking off",
  ),
  fatal(
    /unknown command|Command is not available/i,
    "this Redis runs no Lua scripts; use one that knows EVALSHA and EVAL",
  ),
  retryable(/\bLOADING\b/, "Redis is loading its data; try again"),
  retryable(/\b(BUSY|UNKILLABLE)\b/, "Redis is busy with a script; try again"),
  retryable(/\bREADONLY\b/, "this Redis is a replica; try again, or connect to the primary"),
  retryable(
    /\b(MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS)\b/,
    "Redis is failing over, or has too few replicas; try again",
  ),
  retryable(
    /\bMISCONF\b/,
    "Redis cannot save its data, so it takes no writes; see its log and its disk",
  ),
  retryable(
    /cannot reach Redis|lost the connection to Redis|gateway is closed/,
    "the gateway cannot reach its Redis; start that, or try again",
  ),
  {
    words: /too many requests|rate limit|\b429\b/i,
    detail: "too many requests; try again later",
    retryable: true,
    retryAfterMs: RETRY_AFTER_MS,
  },
  retryable(
    /internal server error|bad gateway|service unavailable|gateway time-?out|\b50[0234]\b/i,
    "the database's server is in trouble; try again",
  ),
];

const BROKEN: readonly (readonly [RegExp, string])[] = [
  [/refused/i, "the connection was refused"],
  [/dns|ENOTFOUND|EAI_AGAIN|resolve|name or service/i, "its name cannot be resolved"],
  [/certificate|tls|ssl/i, "its certificate was not accepted"],
  [/reset|broke|closed|EOF|incomplete|terminated|EPIPE|unexpected end/i, "the connection broke"],
];

/** Gives the error to throw for a failure of an operation. */
export function asBrokerError(operation: string, error: unknown): DabbaError {
  if (error instanceof DabbaError) return error;
  const { detail, ...rest } = classify(error);
  return new BrokerError(operation, detail, rest);
}

/** Says whether Redis does not know the script, so that it must be sent in full. */
export function isNoScript(error: unknown): boolean {
  return error instanceof Error && /\bNOSCRIPT\b/.test(ownWords(error.message));
}

/** Says whether Redis refused because it is full. */
export function isFull(error: unknown): boolean {
  return error instanceof BrokerError && error.full;
}

interface Finding extends Omit<Kind, "words"> {
  readonly cause?: Error;
  readonly unknown?: boolean;
}

const AGAIN = "try again";
const UNKNOWN: Finding = {
  detail: `Redis refused it for a reason not known here; ${AGAIN}`,
  retryable: true,
  unknown: true,
};
const NOT_JSON = `the reply is not JSON, a proxy may have sent it; check the URL, or ${AGAIN}`;

function classify(error: unknown): Finding {
  if (error instanceof ReplyShapeError) {
    return found(`${error.message}, it was changed or cut off on its way; ${AGAIN}`);
  }
  if (!(error instanceof Error)) return found(`the client failed without an error; ${AGAIN}`);
  switch (error.name) {
    case "TimeoutError":
    case "AbortError":
      return found(`no reply before the deadline, Redis may have acted; ${AGAIN}`);
    case "UpstashJSONParseError":
      return found(NOT_JSON);
    case "NotCapable":
    case "PermissionDenied":
      return {
        detail: "Deno may not use the network; run with --allow-net for the host of the URL",
        retryable: false,
      };
  }
  if (isNetworkError(error)) return unreachable(error);
  return told(error);
}

// The status speaks where the words do not.
function told(error: Error): Finding {
  const answer = error instanceof RestError ? error : undefined;
  const words = ownWords(error.message);
  const kind = kindOf(words) ?? (answer && kindOf(`HTTP ${answer.status}`));
  const finding = kind ?? (answer?.words === "" ? found(NOT_JSON) : UNKNOWN);
  const retryAfterMs = answer?.retryAfterMs ?? finding.retryAfterMs;
  return { ...finding, retryAfterMs, cause: answer ?? new Error(words) };
}

function kindOf(words: string): Finding | undefined {
  return KINDS.find((kind) => kind.words.test(words));
}

function found(detail: string): Finding {
  return { detail, retryable: true };
}

// What a runtime says of a failed fetch holds the URL, and may hold a header.
function unreachable(error: Error): Finding {
  const texts = chain(error).map(({ message, code }) => `${message} ${code ?? ""}`).join(" ");
  const why = BROKEN.find(([pattern]) => pattern.test(texts))?.[1];
  return found(`Redis cannot be reached${why ? `, ${why}` : ""}; check the URL, or ${AGAIN}`);
}

function isNetworkError(error: Error): boolean {
  return error instanceof TypeError ||
    chain(error).some(({ code }) => typeof code === "string" && /^E[A-Z_]+$/.test(code)) ||
    /^Connection is closed|^Socket closed|max retries per request/i.test(error.message);
}

function chain(error: unknown): { message: string; code?: unknown }[] {
  const links: { message: string; code?: unknown }[] = [];
  for (let link = error; link instanceof Error && links.length < 5; link = link.cause) {
    links.push(link);
  }
  return links;
}
