/** The errors a user of Dabba can meet: one base, a literal `code` each, data as fields. */

import { durationMs } from "./duration.ts";

/** Every way in which Dabba says no, as a literal. */
export type DabbaErrorCode =
  | "validation"
  | "unknown_task"
  | "unserialisable"
  | "payload_too_large"
  | "broker"
  | "layout_mismatch"
  | "lease_lost"
  | "task_timeout"
  | "task_failed"
  | "result_timeout"
  | "message_not_found"
  | "no_broker"
  | "no_handler"
  | "test_kit"
  | "kv_unsupported"
  | "reject"
  | "defer"
  | "retry";

/**
 * Is the base of every error that Dabba throws on purpose.
 *
 * ```ts
 * import { Dabba, DabbaError, defineTask } from "@dabba/queue";
 * import { memoryBroker } from "@dabba/queue/testing";
 * import { z } from "zod";
 *
 * const greet = defineTask("greet", { input: z.object({ name: z.string() }) }, () => {});
 * const dabba = new Dabba({ broker: memoryBroker(), tasks: { greet } });
 * try {
 *   await dabba.tasks.greet.enqueue({ name: 7 } as never);
 * } catch (error) {
 *   if (error instanceof DabbaError) console.log(error.code); // validation
 * }
 * ```
 */
export class DabbaError extends Error {
  /** Says which error this is; stable across releases. */
  declare readonly code: DabbaErrorCode;
  /** Names the class, also where the bundler renamed it. */
  override readonly name: string = "DabbaError";

  /** Makes an error with a stable `code`; `options.cause` is kept. */
  constructor(code: DabbaErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Names one thing that a schema found wrong; `path` is empty for the whole value. */
export interface Issue {
  /** What is wrong, in the schema library's words. */
  readonly message: string;
  /** Where it is wrong: keys and indexes from the root, which for `enqueueMany` is its list. */
  readonly path: readonly (string | number)[];
}

/** Says that a value does not fit its task's schema; `issues` lists why. */
export class ValidationError extends DabbaError {
  /** Names the class, also where the bundler renamed it. */
  override readonly name = "ValidationError";
  /** What the schema found, at least one entry. */
  declare readonly issues: readonly Issue[];

  /** Makes the error for the `input` or the `output` of the task named. */
  constructor(readonly task: string, readonly side: "input" | "output", issues: readonly Issue[]) {
    const first = issues[0];
    // Keys and messages come from the value and the schema: an error stays readable.
    const keys = (first?.path ?? []).slice(0, 20).map((key) => String(key).slice(0, 40));
    const where = keys.length > 0 ? ` at "${keys.join(".")}"` : "";
    const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
    const what = String(first?.message).slice(0, 500);
    super("validation", `Invalid ${side} of task "${task}"${where}: ${what}${more}`);
    this.issues = issues;
  }
}

/** Says that no task of this name is registered with this `Dabba`. */
export class UnknownTaskError extends DabbaError {
  /** Names the class, also where the bundler renamed it. */
  override readonly name = "UnknownTaskError";

  /** Makes the error for the task name that was asked for. */
  constructor(readonly task: string) {
    super(
      "unknown_task",
      `Cannot find task "${task}": add it to the tasks of new Dabba({ tasks })`,
    );
  }
}

/** Says that an input or an output cannot travel as JSON without losing something. */
export class UnserialisableError extends DabbaError {
  /** Names the class, also where the bundler renamed it. */
  override readonly name = "UnserialisableError";

  /** Makes the error; `path` leads to the value, `reason` says what it is, `whole` what it is in. */
  constructor(
    readonly path: readonly (string | number)[],
    readonly reason: string,
    whole: string = "value",
  ) {
    const where = path.length > 0 ? ` at "${path.join(".")}"` : "";
    super("unserialisable", `Cannot send ${whole}${where} as JSON: ${reason}`);
  }
}

/** Says that an input, or an output that is to be kept, is larger than the limit. */
export class PayloadTooLargeError extends DabbaError {
  /** Names the class, also where the bundler renamed it. */
  override readonly name = "PayloadTooLargeError";

  /** Makes the error; `bytes` and `limit` count UTF-8 bytes of the JSON text. */
  constructor(
    readonly task: string,
    readonly bytes: number,
    readonly limit: number,
    readonly side: "input" | "output" = "input",
    /** Which of the inputs of `enqueueMany` it is, from 0. */
    readonly index?: number,
  ) {
    const [size, most] = [bytes, limit].map((n) => n.toLocaleString("en-US"));
    const what = side === "input" ? "enqueue task" : "keep the output of task";
    super(
      "payload_too_large",
      `Cannot ${what} "${task}": payload${
        index === undefined ? "" : ` ${index}`
      } is ${size} bytes, the limit is ${most}`,
    );
  }
}

/** Says that a store could not do an operation; holds no payload and no token. */
export class BrokerError extends DabbaError {
  /** Names the class, also where the bundler renamed it. */
  override readonly name: string = "BrokerError";
  /** What could not be done, such as `"enqueue"`. */
  declare readonly operation: string;
  /** Whether the same call may pass later: true for outages, false for a wrong token. */
  declare readonly retryable: boolean;
  /** The store is full: nothing was written, and space must be made. */
  declare readonly full: boolean;
  /** The store gave a reason that Dabba does not know: it is tried again, but look into it. */
  declare readonly unknown: boolean;
  /** How long the store wants to be left alone, in milliseconds; 0 where it did not say. */
  declare readonly retryAfterMs: number;

  /** Makes the error; `detail` says the state and the way out. */
  constructor(
    operation: string,
    detail: string,
    options: ErrorOptions & {
      retryable: boolean;
      full?: boolean;
      unknown?: boolean;
      retryAfterMs?: number;
    },
  ) {
    super("broker", `Cannot ${operation}: ${detail}`, { cause: options.cause });
    this.operation = operation;
    this.retryable = options.retryable;
    this.full = options.full ?? false;
    this.unknown = options.unknown ?? false;
    this.retryAfterMs = options.retryAfterMs ?? 0;
  }
}

/**
 * Says that messages are stored, but that too few replicas have them yet: `confirm: "replicated"`.
 *
 * They will run. To have them confirmed, enqueue again with the same `id`: they are stored only once.
 */
export class NotConfirmedError extends BrokerError {
  /** Names the class, also where the bundler renamed it. */
  override readonly name = "NotConfirmedError";
  /** How many replicas were known to have it. */
  readonly reached: number;

  /** Makes the error; `outcome.reached` is a count, or why there is none. */
  constructor(
    readonly replicas: number,
    outcome: { readonly reached: unknown; readonly waitMs: number },
  ) {
    const { reached, waitMs } = outcome;
    const refused = reached instanceof Error;
    const count = refused ? 0 : Number(reached) || 0;
    const why = refused
      ? "this Redis does not tell whether replicas have it; leave confirm off"
      : `${count} of ${replicas} replicas had it after ${waitMs} ms; look at them`;
    const again = "it is safe to enqueue it again under the same id";
    super("confirm an enqueue", `it is stored, but ${why}; ${again}`, { retryable: !refused });
    this.reached = count;
  }
}

/** Says that the store's keys were laid out by another version of Dabba. */
export class LayoutMismatchError extends DabbaError {
  /** Names the class, also where the bundler renamed it. */
  override readonly name = "LayoutMismatchError";

  /** Makes the error; `found` is what the store holds, `expected` what this code reads. */
  constructor(readonly found: string, readonly expected: string, where: string) {
    super(
      "layout_mismatch",
      `Cannot use ${where}: its layout is "${found}", this version of Dabba reads "${expected}"; ` +
        `drain it with the version that wrote it, or choose another namespace`,
    );
  }
}

/** Aborts a handler whose message was given to another worker or cancelled. */
export class LeaseLostError extends DabbaError {
  /** Names the class, also where the bundler renamed it. */
  override readonly name = "LeaseLostError";

  /** Makes the error for one delivery, told by message id and fence. */
  constructor(readonly id: string, readonly fence: number) {
    super(
      "lease_lost",
      `Lost the lease of message "${id}" (fence ${fence}): its outcome is refused`,
    );
  }
}

/** Says that a handler ran longer than its message allows. */
export class TaskTimeoutError extends DabbaError {
  /** Names the class, also where the bundler renamed it. */
  override readonly name = "TaskTimeoutError";

  /** Makes the error; `timeoutMs` is the time that was allowed. */
  constructor(readonly task: string, readonly timeoutMs: number) {
    super("task_timeout", `Task "${task}" timed out: it ran for more than ${timeoutMs} ms`);
  }
}

/** Carries a failed message's last error to whoever waits for its result. */
export class TaskFailedError extends DabbaError {
  /** Names the class, also where the bundler renamed it. */
  override readonly name = "TaskFailedError";

  /** Makes the error from a message's outcome; `cause` is the handler's error, rebuilt. */
  constructor(
    readonly id: string,
    readonly task: string,
    readonly state: "dead" | "cancelled" | "expired",
    readonly attempts: number,
    cause?: Error,
  ) {
    const why = cause ? `: ${cause.message}` : "";
    super("task_failed", `Message "${id}" of task "${task}" is ${state}${why}`, { cause });
  }
}

/** Says that a result was not there in time; the message itself goes on. */
export class ResultTimeoutError extends DabbaError {
  /** Names the class, also where the bundler renamed it. */
  override readonly name = "ResultTimeoutError";

  /** Makes the error; `timeoutMs` is how long the caller was ready to wait. */
  constructor(readonly id: string, readonly timeoutMs: number) {
    super("result_timeout", `Message "${id}" has no result after ${timeoutMs} ms`);
  }
}

/** Says that the store knows no such message, or no longer. */
export class MessageNotFoundError extends DabbaError {
  /** Names the class, also where the bundler renamed it. */
  override readonly name = "MessageNotFoundError";

  /** Makes the error for a message id. */
  constructor(readonly id: string) {
    super(
      "message_not_found",
      `Cannot find message "${id}": unknown, or its outcome was dropped at the end or the bounds of ` +
        "its retention",
    );
  }
}

/**
 * Thrown by a handler: this message will never work; it goes to the dead letters at once.
 *
 * ```ts
 * import { defineTask, RejectError } from "@dabba/queue";
 * import { z } from "zod";
 *
 * export const charge = defineTask("charge", { input: z.object({ user: z.string() }) }, (input) => {
 *   if (input.user === "") throw new RejectError("no such user");
 * });
 * ```
 */
export class RejectError extends DabbaError {
  /** Names the class, also where the bundler renamed it. */
  override readonly name = "RejectError";

  /** Makes the error; `message` becomes the dead letter's reason. */
  constructor(message: string = "Rejected by its handler", options?: ErrorOptions) {
    super("reject", message, options);
  }
}

/**
 * Thrown by a handler: not now; run it again after `delay`, with no attempt spent.
 *
 * ```ts
 * import { DeferError, defineTask } from "@dabba/queue";
 * import { z } from "zod";
 *
 * export const remind = defineTask("remind", { input: z.object({ user: z.string() }) }, () => {
 *   const hour = new Date().getUTCHours();
 *   if (hour < 8) throw new DeferError({ delay: `${8 - hour}h` });
 * });
 * ```
 */
export class DeferError extends DabbaError {
  /** Names the class, also where the bundler renamed it. */
  override readonly name = "DeferError";
  /** When to try again: milliseconds, or text such as `"5m"`. */
  readonly delay: number | string;

  /** Makes the error; throws `TypeError` or `RangeError` for a bad `delay`. */
  constructor(options: { readonly delay: number | string; readonly message?: string }) {
    super("defer", options.message ?? "Deferred by its handler");
    durationMs(options.delay, "delay");
    this.delay = options.delay;
  }
}

/**
 * Thrown by a handler: failed, and the next attempt comes after `delay` instead of the schedule's.
 *
 * ```ts
 * import { defineTask, RetryError } from "@dabba/queue";
 * import { z } from "zod";
 *
 * export const send = defineTask("send", { input: z.url() }, async (url, ctx) => {
 *   const response = await fetch(url, { method: "POST", signal: ctx.signal });
 *   const seconds = response.headers.get("retry-after");
 *   if (response.status === 429 && seconds) throw new RetryError({ delay: `${seconds}s` as "1s" });
 * });
 * ```
 */
export class RetryError extends DabbaError {
  /** Names the class, also where the bundler renamed it. */
  override readonly name = "RetryError";
  /** When to try again: milliseconds, or text such as `"5m"`. */
  readonly delay: number | string;

  /** Makes the error; the attempt counts, and the last attempt stays the last. */
  constructor(
    options: {
      readonly delay: number | string;
      readonly message?: string;
      readonly cause?: unknown;
    },
  ) {
    super("retry", options.message ?? "Retry asked for by its handler", { cause: options.cause });
    durationMs(options.delay, "delay");
    this.delay = options.delay;
  }
}
