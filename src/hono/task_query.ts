/** The options of an enqueue, as the query of `POST /tasks/:name` gives them. */

import type { Priority } from "../broker/broker.ts";
import { checkOptions, type EnqueueOptions } from "../enqueuer.ts";
import type { AnyContext } from "./answer.ts";
import { asOptions } from "./errors.ts";

/** Says how a message is enqueued; durations are text such as `5m`, or milliseconds. */
export interface TaskQuery {
  /** How long to wait before it is due. */
  readonly delay?: string;
  /** When it is due: ISO 8601, with `Z` or an offset. */
  readonly at?: string;
  /** The lane. */
  readonly priority?: Priority;
  /** How long it is worth a start. */
  readonly expiresIn?: string;
  /** Its id. */
  readonly id?: string;
  /** At most one message of this key within `dedupeTtl`. */
  readonly dedupeKey?: string;
  /** How long `dedupeKey` holds. */
  readonly dedupeTtl?: string;
  /** The queue. */
  readonly queue?: string;
}

const NAMES: readonly (keyof TaskQuery)[] = [
  "delay",
  "at",
  "priority",
  "expiresIn",
  "id",
  "dedupeKey",
  "dedupeTtl",
  "queue",
];

/** Reads the options, checked; throws a refusal for a bad one. */
export function readTaskQuery(c: AnyContext): EnqueueOptions {
  return asOptions(() => {
    const options = toOptions(single(c.req.queries()));
    checkOptions(options);
    return options;
  });
}

// A misspelt option would else be ignored, and the message run at once, say.
function single(queries: Readonly<Record<string, readonly string[]>>): TaskQuery {
  const query: Record<string, string> = {};
  for (const [name, values] of Object.entries(queries)) {
    if (!(NAMES as readonly string[]).includes(name)) {
      throw new TypeError(
        `Cannot use query parameter "${name.slice(0, 40)}": expected one of ${NAMES.join(", ")}`,
      );
    }
    if (values.length !== 1) throw new TypeError(`Cannot use ${name} twice: give it once`);
    query[name] = values[0]!;
  }
  return query;
}

function toOptions(query: TaskQuery): EnqueueOptions {
  const { delay, at, expiresIn, dedupeKey, dedupeTtl, ...rest } = query;
  if ((dedupeKey === undefined) !== (dedupeTtl === undefined)) {
    throw new TypeError("Cannot use dedupeKey or dedupeTtl alone: give both");
  }
  return {
    ...rest,
    ...(delay === undefined ? {} : { delay: duration(delay) }),
    ...(at === undefined ? {} : { at: instant(at) }),
    ...(expiresIn === undefined ? {} : { expiresIn: duration(expiresIn) }),
    ...(dedupeKey === undefined ? {} : { dedupe: { key: dedupeKey, ttl: duration(dedupeTtl!) } }),
  };
}

/** Reads text as a duration: digits alone are milliseconds. */
export function duration(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text;
}

const DAY = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/;

// Without an offset it would mean the server's time zone.
function instant(text: string): Date {
  const day = DAY.exec(text)?.[1];
  const at = new Date(text);
  if (day === undefined || Number.isNaN(at.getTime()) || !exists(day)) {
    throw new TypeError(
      `Cannot read at "${text.slice(0, 40)}": expected ISO 8601 with Z or an offset, ` +
        `such as 2030-01-31T09:00:00Z, and + written as %2B`,
    );
  }
  return at;
}

// `new Date` takes the 30th of February for a day in March.
function exists(day: string): boolean {
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}
