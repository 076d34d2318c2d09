import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { asBrokerError, isBusy } from "../../../src/broker/sqlite/failure.ts";
import { BrokerError, LayoutMismatchError } from "../../../src/errors.ts";

/** Makes an error as node:sqlite does; it gives a code for statements, none for files. */
function sqliteError(message: string, errcode?: number): Error {
  return Object.assign(new Error(message), { code: "ERR_SQLITE_ERROR", errcode });
}

function brokerError(message: string, errcode?: number): BrokerError {
  const error = asBrokerError("push", "dabba.db", sqliteError(message, errcode));
  assert(error instanceof BrokerError);
  return error;
}

Deno.test("asBrokerError() says whether the same call may pass later", () => {
  const cases: [string, number, boolean][] = [
    ["database is locked", 5, true],
    ["database is locked", 261, true],
    ["attempt to write a readonly database", 8, false],
    ["disk I/O error", 10, true],
    ["database disk image is malformed", 11, false],
    ["database or disk is full", 13, true],
    ["unable to open database file", 14, false],
    ["file is not a database", 26, false],
    ["something new", 999, false],
  ];
  for (const [words, code, retryable] of cases) {
    assertEquals(brokerError(words, code).retryable, retryable, words);
    // The same without a code, as when a file is opened.
    assertEquals(brokerError(`${words}: dabba.db`).retryable, retryable, words);
  }
});

Deno.test("asBrokerError() tells a full disk, and only that, as full", () => {
  assertEquals(brokerError("database or disk is full", 13).full, true);
  assertEquals(brokerError("disk I/O error", 10).full, false);
});

Deno.test("asBrokerError() names the operation, the file and the way out", () => {
  assertEquals(
    brokerError("attempt to write a readonly database", 8).message,
    'Cannot push: "dabba.db": the file or its folder may not be written; ' +
      "give this process the right to, or choose another path",
  );
});

Deno.test("asBrokerError() keeps the cause, and its text out of its own", () => {
  const cause = sqliteError("no such column: secret", 1);
  const error = asBrokerError("push", "dabba.db", cause);
  assertStrictEquals(error.cause, cause);
  assert(!error.message.includes("secret"));
});

Deno.test("asBrokerError() leaves errors that say enough as they are", () => {
  const errors = [
    new LayoutMismatchError("0", "1", "dabba.db"),
    new TypeError("wrong argument"),
    new RangeError("too many"),
  ];
  for (const error of errors) assertStrictEquals(asBrokerError("push", "dabba.db", error), error);
});

Deno.test("isBusy() knows a lock from other failures", () => {
  assert(isBusy(sqliteError("database is locked")));
  assert(isBusy(sqliteError("database is locked", 517)));
  assert(isBusy(sqliteError("locking protocol", 15)));
  assert(!isBusy(sqliteError("disk I/O error", 10)));
  assert(!isBusy("database is locked"));
});
