/** Turns SQLite's failures into Dabba's errors. */

import { BrokerError, DabbaError } from "../../errors.ts";

interface Kind {
  /** The primary result code of SQLite. */
  readonly code: number;
  /** SQLite's own words for it, which never change; opening a file gives no code. */
  readonly words: string;
  /** The state and the way out. */
  readonly detail: string;
  readonly retryable: boolean;
  readonly full?: boolean;
}

const KINDS: readonly Kind[] = [
  {
    code: 5,
    words: "database is locked",
    detail: "another process holds the lock on the file; try again",
    retryable: true,
  },
  {
    code: 15,
    words: "locking protocol",
    detail: "another process holds the lock on the file; try again",
    retryable: true,
  },
  { code: 7, words: "out of memory", detail: "SQLite is out of memory", retryable: true },
  {
    code: 8,
    words: "attempt to write a readonly database",
    detail: "the file or its folder may not be written; give this process the right to, " +
      "or choose another path",
    retryable: false,
  },
  {
    code: 10,
    words: "disk I/O error",
    detail: "the disk failed to read or write; look at the disk and its free space",
    retryable: true,
  },
  {
    code: 11,
    words: "database disk image is malformed",
    detail: "the file is damaged; stop all its users and restore it from a backup",
    retryable: false,
  },
  {
    code: 13,
    words: "database or disk is full",
    detail: "the disk is full, nothing was written; make space",
    retryable: true,
    full: true,
  },
  {
    code: 14,
    words: "unable to open database file",
    detail: "the file cannot be opened; see that its folder exists and may be written",
    retryable: false,
  },
  {
    code: 26,
    words: "file is not a database",
    detail: "the file is not an SQLite database; choose another path",
    retryable: false,
  },
];

const BUSY_CODES: readonly number[] = [5, 15];

/** Says whether a failure only means that another process was quicker. */
export function isBusy(error: unknown): boolean {
  return BUSY_CODES.includes(kindOf(error)?.code ?? 0);
}

/** Gives the error to throw for a failure of an operation on a file. */
export function asBrokerError(operation: string, path: string, error: unknown): Error {
  // Wrong arguments are their caller's fault, not the store's.
  if (error instanceof DabbaError || error instanceof TypeError || error instanceof RangeError) {
    return error;
  }
  const on = `"${path}": `;
  if (error instanceof Error && error.name === "NotCapable") {
    const detail = "Deno may not use the file; run with --allow-read and --allow-write for it";
    return new BrokerError(operation, on + detail, { retryable: false, cause: error });
  }
  const kind = kindOf(error);
  // A failure without a name is a fault of the statements or their values: it will not pass.
  const { detail, retryable, full } = kind ?? { detail: "SQLite refused it", retryable: false };
  return new BrokerError(operation, on + detail, { retryable, full, cause: error });
}

function kindOf(error: unknown): Kind | undefined {
  if (!(error instanceof Error)) return undefined;
  // The first is how Deno and Node call it, the second is how Bun does.
  const { errno, errcode = errno } = error as { readonly errcode?: unknown; errno?: unknown };
  if (typeof errcode === "number") {
    // The upper bits say in more detail what the lower eight say.
    return KINDS.find(({ code }) => code === (errcode & 0xff));
  }
  return KINDS.find(({ words }) => error.message.includes(words));
}
