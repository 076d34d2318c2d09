/** The journal: what workers write down about a message's attempts, bounded, for people to read. */

/** Is one attempt that failed, or one delivery whose worker vanished. */
export interface AttemptRecord {
  /** The attempt's number, from 1; a crash bears the number of the attempt that it cut short. */
  readonly attempt: number;
  /** When it ended, by the store's clock, in ISO 8601; for a crash, when it was noticed. */
  readonly at: string;
  /** How it ended. */
  readonly kind: "failed" | "timed_out" | "rejected" | "crashed" | "invalid";
  /** The error's name. */
  readonly name: string;
  /** The error's message, cut at 200 characters. */
  readonly message: string;
  /** The worker that had it. */
  readonly worker: string;
}

/** Is a failure in full, kept for the last one only. */
export interface ErrorRecord {
  /** The error's name. */
  readonly name: string;
  /** The error's message, cut at 1,000 characters. */
  readonly message: string;
  /** The error's stack, cut at 3,000 characters. */
  readonly stack?: string;
  /** What a schema found, when the input or the output did not fit it; the first ten. */
  readonly issues?: readonly {
    readonly message: string;
    readonly path: readonly (string | number)[];
  }[];
}

/** Is what is known of a message's attempts. */
export interface Journal {
  /** The attempts that ended badly, oldest first; the first and the last ten of many. */
  readonly attempts: readonly AttemptRecord[];
  /** The last failure. */
  readonly error?: ErrorRecord;
}

const MESSAGE_LIMIT = 1_000;
const STACK_LIMIT = 3_000;
const HISTORY_LIMIT = 200;
const KEPT = 11;
/** The most bytes of a journal: what is not Latin takes up to three a character, or six in JSON. */
const STORED_LIMIT = 8_000;
const UNREADABLE = "a value that cannot be read";

/** Describes anything that was thrown; never throws itself. */
export function describeError(thrown: unknown): ErrorRecord {
  try {
    return describe(thrown);
  } catch {
    // A getter or a proxy of the handler's own threw: the message needs its verdict all the same.
    return { name: "Error", message: UNREADABLE };
  }
}

function describe(thrown: unknown): ErrorRecord {
  if (!isErrorLike(thrown)) return { name: "Error", message: clip(text(thrown), MESSAGE_LIMIT) };
  const { name, message, stack, issues } = thrown;
  return {
    name: clip(text(name ?? "Error"), 100),
    message: clip(text(message), MESSAGE_LIMIT),
    ...(stack ? { stack: clip(text(stack), STACK_LIMIT) } : {}),
    ...(Array.isArray(issues) ? { issues: issues.slice(0, 10).map(clipIssue) } : {}),
  };
}

interface ErrorLike {
  readonly name?: unknown;
  readonly message: unknown;
  readonly stack?: unknown;
  readonly issues?: unknown;
}

// Errors of another realm are no instances of this one's, and some libraries throw plain objects.
function isErrorLike(thrown: unknown): thrown is ErrorLike {
  if (thrown instanceof Error) return true;
  return typeof thrown === "object" && thrown !== null &&
    typeof (thrown as { message?: unknown }).message === "string";
}

function clipIssue(issue: { message?: unknown; path?: unknown } | null | undefined): {
  message: string;
  path: (string | number)[];
} {
  const path = Array.isArray(issue?.path) ? issue.path.slice(0, 10) : [];
  return {
    message: clip(text(issue?.message), 200),
    path: path.map((key) => typeof key === "number" ? key : clip(text(key), 100)),
  };
}

// Whatever a handler throws must end up as text: a failing `toString` must not fail the settle.
function text(value: unknown): string {
  try {
    return String(value);
  } catch {
    return UNREADABLE;
  }
}

function clip(value: string, limit: number): string {
  return value.length > limit ? value.slice(0, limit - 1) + "…" : value;
}

/** Adds an attempt that ended badly. */
export function addAttempt(journal: Journal, attempt: AttemptRecord, error?: ErrorRecord): Journal {
  const entry = { ...attempt, message: clip(attempt.message, HISTORY_LIMIT) };
  const all = [...journal.attempts, entry];
  // The first attempt tells what began it; the last ten tell what it is like now.
  const attempts = all.length > KEPT ? [all[0]!, ...all.slice(-KEPT + 1)] : all;
  const last = error ?? journal.error;
  return last ? { attempts, error: last } : { attempts };
}

/** Writes a journal as text for the store, of 8,000 bytes at most: longer texts are cut further. */
export function encodeJournal(journal: Journal): string {
  let stored = JSON.stringify(journal);
  for (let room = STACK_LIMIT; room > 1 && byteLength(stored) > STORED_LIMIT;) {
    room = Math.floor(room / 2);
    stored = JSON.stringify(tighten(journal, room));
  }
  return stored;
}

function byteLength(value: string): number {
  return new TextEncoder().encode(value).length;
}

function tighten({ attempts, error }: Journal, room: number): Journal {
  // All attempts together, and all issues, get about as much as the stack alone.
  const share = Math.max(1, Math.floor(room / KEPT));
  const tight = attempts.map((attempt) => ({
    ...attempt,
    name: clip(attempt.name, share),
    message: clip(attempt.message, share),
  }));
  if (error === undefined) return { attempts: tight };
  const { name, message, stack, issues } = error;
  return {
    attempts: tight,
    error: {
      name: clip(name, room),
      message: clip(message, room),
      ...(stack === undefined ? {} : { stack: clip(stack, room) }),
      ...(issues === undefined ? {} : {
        issues: issues.map((issue) => ({
          message: clip(issue.message, share),
          path: issue.path.map((key) => typeof key === "number" ? key : clip(key, share)),
        })),
      }),
    },
  };
}

/** Reads a journal; one that cannot be read is an empty one, since it is only for people. */
export function decodeJournal(stored: string): Journal {
  if (stored === "") return { attempts: [] };
  try {
    const journal = JSON.parse(stored) as Partial<Journal>;
    return Array.isArray(journal.attempts) ? journal as Journal : { attempts: [] };
  } catch {
    return { attempts: [] };
  }
}
