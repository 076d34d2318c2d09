import { assert, assertEquals, assertObjectMatch } from "@std/assert";
import { ValidationError } from "@dabba/queue";
import {
  addAttempt,
  type AttemptRecord,
  decodeJournal,
  describeError,
  encodeJournal,
  type Journal,
} from "../../src/message/journal.ts";

function attempt(number: number, message = "no"): AttemptRecord {
  const at = new Date(0).toISOString();
  return { attempt: number, at, kind: "failed", name: "Error", message, worker: "w1" };
}

Deno.test("describeError() takes down name, message and stack", () => {
  const record = describeError(new TypeError("bad"));
  assertObjectMatch(record, { name: "TypeError", message: "bad" });
  assert(record.stack?.includes("journal_test.ts"));
});

Deno.test("describeError() takes down the first issues of a schema", () => {
  const issues = Array.from({ length: 50 }, (_, i) => ({ message: `m${i}`, path: ["a", i] }));
  const record = describeError(new ValidationError("t", "input", issues));
  assertEquals(record.issues, issues.slice(0, 10));
});

const odd: [string, unknown, string, string][] = [
  ["undefined", undefined, "Error", "undefined"],
  ["null", null, "Error", "null"],
  ["a text", "boom", "Error", "boom"],
  ["a BigInt", 7n, "Error", "7"],
  ["a symbol", Symbol("s"), "Error", "Symbol(s)"],
  ["a plain object", { code: 7 }, "Error", "[object Object]"],
  ["an object like an error", { name: "HttpError", message: "404" }, "HttpError", "404"],
  ["an object with a message alone", { message: "404" }, "Error", "404"],
  ["an object without a prototype", Object.create(null), "Error", "a value that cannot be read"],
  ["an error without a name", Object.assign(new Error("e"), { name: undefined }), "Error", "e"],
  ["an abort", new DOMException("gone", "AbortError"), "AbortError", "gone"],
];

for (const [what, thrown, name, message] of odd) {
  Deno.test(`describeError() describes ${what}`, () => {
    assertObjectMatch(describeError(thrown), { name, message });
  });
}

Deno.test("describeError() never throws, whatever throws while it looks", () => {
  const bomb = () => {
    throw new Error("no");
  };
  const { proxy, revoke } = Proxy.revocable(new Error("e"), {});
  revoke();
  const values = [
    ...[proxy, new Proxy({}, { get: bomb }), new Proxy(new Error("e"), { getPrototypeOf: bomb })],
    ...[
      { toString: bomb },
      { message: { toString: bomb } },
      Object.assign(new Error("e"), { issues: proxy }),
    ],
    Object.assign(new Error("e"), {
      issues: [undefined, 7, { path: "x" }, { message: Symbol("s") }],
    }),
    Object.defineProperty(new Error("e"), "stack", { get: bomb }),
  ];
  for (const value of values) {
    const record = describeError(value);
    assertEquals([typeof record.name, typeof record.message], ["string", "string"]);
    assertEquals(JSON.parse(JSON.stringify(record)), record);
  }
});

Deno.test("describeError() bounds everything", () => {
  const long = "x".repeat(1_000_000);
  const path = Array.from({ length: 1_000 }, () => long);
  const error = new ValidationError("t", "input", [{ message: long, path }]);
  Object.assign(error, { name: long, stack: long, message: long });
  const { name, message, stack, issues } = describeError(error);
  assert(name.length <= 100 && message.length <= 1_000 && stack!.length <= 3_000);
  assert(JSON.stringify(issues).length < 3_000);
  assert(describeError(long).message.length <= 1_000);
});

Deno.test("addAttempt() keeps the first attempt and the last ten, with their last error", () => {
  let journal: Journal = { attempts: [] };
  const message = "m".repeat(1_000_000);
  for (let number = 1; number <= 1_000; number++) {
    journal = addAttempt(journal, attempt(number, message), { name: "E", message: `${number}` });
  }
  assertEquals(journal.attempts.map((one) => one.attempt), [
    ...[1, 991, 992, 993, 994, 995, 996, 997, 998, 999, 1_000],
  ]);
  assertEquals(journal.error?.message, "1000");
  assert(encodeJournal(journal).length < 8_000);
});

Deno.test("addAttempt() keeps the last error when a crash has none", () => {
  const failed = addAttempt({ attempts: [] }, attempt(1), { name: "E", message: "first" });
  const crashed = addAttempt(failed, { ...attempt(2), kind: "crashed" });
  assertEquals(crashed.error?.message, "first");
  assertEquals(addAttempt({ attempts: [] }, attempt(1)), { attempts: [attempt(1)] });
});

Deno.test("decodeJournal() reads what encodeJournal() wrote", () => {
  const journal = addAttempt({ attempts: [] }, attempt(1), { name: "E", message: "\uD800 \u0000" });
  assertEquals(decodeJournal(encodeJournal(journal)), journal);
});

for (
  const text of ["", "{", "null", "7", "[]", '"x"', "{}", '{"attempts":7}', '{"attempts":null}']
) {
  Deno.test(`decodeJournal() takes ${text || "nothing"} for an empty journal`, () => {
    assertEquals(decodeJournal(text), { attempts: [] });
  });
}

for (const [script, letter] of [["Latin", "x"], ["Chinese", "错"], ["control", "\u0001"]]) {
  Deno.test(`encodeJournal() stores 8,000 bytes at most of errors of 1 MB, in ${script} letters`, () => {
    const long = letter!.repeat(1_000_000);
    const issues = Array.from(
      { length: 20 },
      () => ({ message: long, path: Array(20).fill(long) }),
    );
    const error = describeError(
      Object.assign(new Error(long), { name: long, stack: long, issues }),
    );
    let journal: Journal = { attempts: [] };
    for (let number = 1; number <= 30; number++) {
      journal = addAttempt(journal, { ...attempt(number, long), name: error.name }, error);
    }
    const stored = encodeJournal(journal);
    const bytes = new TextEncoder().encode(stored).length;
    assert(bytes <= 8_000, `${bytes} bytes`);
    const read = decodeJournal(stored);
    assertEquals(
      read.attempts.map(({ attempt }) => attempt),
      journal.attempts.map((one) => one.attempt),
    );
    assert(read.error!.message.startsWith(letter!));
  });
}
