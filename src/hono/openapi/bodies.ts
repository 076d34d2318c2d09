/** Bodies: what the routes answer with, as JSON Schemas; the types beside the routes, said again. */

import type { MessageState, Priority } from "../../broker/broker.ts";
import type { Issue as IssueBody } from "../../errors.ts";
import type { JsonSchema } from "../../json_schema.ts";
import type { AttemptRecord } from "../../message/journal.ts";
import type { BackoffPlan } from "../../retry/backoff.ts";
import type { DrainSummary } from "../../worker/worker.ts";
import type { EnqueuedBody } from "../enqueued.ts";
import type { ErrorBody } from "../errors.ts";
import type { HealthBody, QueueBody } from "../healthz_route.ts";
import type { MessageBody } from "../message_body.ts";

const text = { type: "string" };
const count = { type: "integer", minimum: 0 };
const instant = { type: "string", format: "date-time" };
const anything = { description: "Any JSON." };

/** A schema for each property of a type, by its name, with `?` where it need not be there. */
type Described<T> = {
  readonly [
    K in keyof T & string as Pick<T, K> extends Required<Pick<T, K>> ? K : `${K}?`
  ]: JsonSchema;
};

/** Makes the schema of an object; the compiler finds a property that is missing or not there. */
function object<T>(properties: Described<T>): JsonSchema {
  const entries = Object.entries<JsonSchema>(properties);
  return {
    type: "object",
    properties: Object.fromEntries(entries.map(([name, of]) => [name.replace("?", ""), of])),
    required: entries.map(([name]) => name).filter((name) => !name.endsWith("?")),
  };
}

/** Makes the schema of one of several words; the compiler finds one that is missing. */
function word<W extends string>(words: Readonly<Record<W, true>>, description: string): JsonSchema {
  return { enum: Object.keys(words), description };
}

const said = (schema: JsonSchema, description: string): JsonSchema => ({ ...schema, description });
const list = (items: JsonSchema): JsonSchema => ({ type: "array", items });

const Issue = () =>
  object<IssueBody>({
    message: text,
    path: said(list({ type: ["string", "integer"] }), "Keys and indexes from the root."),
  });

const Refusal = () =>
  object<ErrorBody>({
    error: object<ErrorBody["error"]>({
      code: said(text, "Which error this is; stable across releases."),
      message: said(text, "What is wrong, for people."),
      "issues?": said(list(bodyRef("Issue")), "What the task's schema found in the input."),
    }),
  });

const Enqueued = () =>
  object<EnqueuedBody>({
    id: said(text, "The message's id."),
    task: said(text, "The task's name."),
    disposition: word<EnqueuedBody["disposition"]>(
      { enqueued: true, duplicate: true },
      "Whether this message was stored, or another one holds its id or dedupe key.",
    ),
    status: said(text, "The path that tells where the message stands, as in Location."),
  });

const Duplicate = (): JsonSchema => ({ allOf: [bodyRef("Enqueued"), bodyRef("Refusal")] });

const Attempt = () =>
  object<AttemptRecord>({
    attempt: said(count, "The attempt's number, from 1."),
    at: said(instant, "When it ended."),
    kind: word<AttemptRecord["kind"]>(
      { failed: true, timed_out: true, rejected: true, crashed: true, invalid: true },
      "How it ended.",
    ),
    name: said(text, "The error's name."),
    message: said(text, "The error's message, cut at 200 characters."),
    worker: text,
  });

const Backoff = (): JsonSchema => ({
  description: "The waits between attempts: a list in milliseconds, or a curve.",
  anyOf: [
    list(count),
    object<Exclude<BackoffPlan, readonly number[]>>({
      k: { enum: ["e", "l", "f"], description: "Exponential, linear or fixed." },
      d: { type: "number", description: "The first wait, in milliseconds." },
      "f?": { type: "number", description: "The factor of an exponential curve." },
      c: { type: "number", description: "The longest wait, in milliseconds." },
      n: said(count, "How many retries."),
      j: { type: "number", description: "The random share, 0 to 1." },
    }),
  ],
});

const MessageStatus = () =>
  object<MessageBody>({
    id: text,
    task: said(text, "The task's name; empty if the message cannot be read."),
    state: word<MessageState>({
      ...{ scheduled: true, ready: true, leased: true },
      ...{ succeeded: true, dead: true, cancelled: true, expired: true },
    }, "Where it stands; the last four are final."),
    attempts: said(count, "How many attempts have begun that ended, or are running."),
    "maxAttempts?": said(count, "How many attempts there are in all; not after success."),
    "backoff?": bodyRef("Backoff"),
    crashes: said(count, "How many times its worker vanished while it ran."),
    queue: text,
    priority: word<Priority>({ high: true, normal: true, low: true }, "Its lane."),
    enqueuedAt: instant,
    "nextAttemptAt?": said(instant, "When it will be tried next; only while it is scheduled."),
    "finishedAt?": said(instant, "When it became final; only then."),
    "worker?": said(text, "Who runs it or ran it last."),
    "progress?": said(anything, "How far its handler said it was; only while it runs."),
    "output?": said(anything, "What its handler returned; after success, while it is retained."),
    "error?": said(
      object<NonNullable<MessageBody["error"]>>({
        name: text,
        message: text,
        "issues?": list(bodyRef("Issue")),
      }),
      "The last failure.",
    ),
    history: said(list(bodyRef("Attempt")), "The attempts that ended badly, oldest first."),
  });

const Drained = () =>
  object<DrainSummary>({
    claimed: said(count, "Messages claimed."),
    succeeded: said(count, "Handlers that succeeded."),
    retried: said(count, "Attempts that failed and will be repeated."),
    dead: said(count, "Messages that went to the dead letters."),
    deferred: said(count, "Messages that their handlers put off; no attempt was spent."),
    handedBack: said(
      count,
      "Messages given back with no attempt spent: skipped, unknown, stopped.",
    ),
    expired: said(count, "Messages that were not started in time."),
    lost: said(count, "Deliveries whose outcome was refused."),
    requests: said(count, "Requests it made of the store, repetitions included."),
    ended: word<DrainSummary["ended"]>(
      { empty: true, max: true, requests: true, budget: true, stopped: true },
      "Why it ended.",
    ),
  });

const Health = () =>
  object<HealthBody>({
    ok: { type: "boolean" },
    "reason?": word<NonNullable<HealthBody["reason"]>>(
      { unreachable: true, behind: true },
      "What is wrong.",
    ),
    "oldestReadyMs?": said(count, "How long the oldest ready message has been waiting."),
    "namespace?": said(text, "Where the messages lie in a shared store; only with the secret."),
    "queues?": said(
      list(object<QueueBody>({ queue: text, ready: count, later: count, oldestReadyMs: count })),
      "The queues that hold messages; only with the secret.",
    ),
    "deadNearlyFull?": { enum: [true], description: "The dead letters are at 80 % of a bound." },
    "dead?": said(count, "How many dead letters there are; only with the secret."),
    "deadBytes?": said(count, "How many bytes they take; only with the secret."),
  });

const ALL = {
  ...{ Issue, Refusal, Enqueued, Duplicate, Attempt, Backoff, MessageStatus, Drained, Health },
};

/** Makes the schemas of all bodies, by their names in `components`; not at the load of each bundle. */
export function makeBodies(): Record<string, JsonSchema> {
  return Object.fromEntries(Object.entries(ALL).map(([name, make]) => [name, make()]));
}

/** Refers to a schema in `components`. */
export function bodyRef(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}
