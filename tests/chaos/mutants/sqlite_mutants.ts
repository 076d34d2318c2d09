/** Guards of the SQLite broker. */

import type { Mutant } from "./mutant.ts";

const tests = ["tests/broker/sqlite/contract_test.ts"];
const CLAIM = "src/broker/sqlite/claim.ts";

/** One guard each. */
export const sqliteMutants: readonly Mutant[] = [
  {
    guard: "dead letters are counted (SQLite)",
    file: "src/broker/sqlite/schema.ts",
    find: "bytes = bytes - old.weight WHERE key = 1;",
    put: "bytes = bytes WHERE key = 1;",
    tests,
  },
  {
    guard: "a request that comes again drops no more dead letters (SQLite)",
    file: "src/broker/sqlite/exchange.ts",
    find: "drop(anew ? request.trim : 0, nowMs)",
    put: "drop(request.trim, nowMs)",
    tests,
  },
  {
    guard: "a dead letter younger than a minute stays (SQLite)",
    file: "src/broker/sqlite/drop.ts",
    find: "if (oldAtMs > nowMs) return { dropped, dropAtMs: oldAtMs };",
    put: "",
    tests,
  },
  {
    guard: "a suspect that has not begun is not to blame (SQLite)",
    file: "src/broker/sqlite/claim.ts",
    find: "&& row.parked === 0;",
    put: ";",
    tests: ["tests/broker/sqlite/contract_test.ts"],
  },
  {
    guard: "what may have begun unknown to all is not handed over to wait (SQLite)",
    file: "src/broker/sqlite/claim.ts",
    find: "if (!begins && (row",
    put: "if (begins && !begins && (row",
    tests: ["tests/broker/sqlite/contract_test.ts"],
  },
  {
    guard: "a burial proves its claim (SQLite)",
    file: "src/broker/sqlite/settle.ts",
    find: "WHERE id = ?4 AND claim = ?5`);",
    put: "WHERE id = ?4 AND ?5 <> ''`);",
    tests,
  },
  {
    guard: "a renewal proves its claim (SQLite)",
    file: "src/broker/sqlite/extend.ts",
    find: "sql.prepare(`UPDATE {message} SET ${place} WHERE id = ?2 AND claim = ?3`)",
    put: "sql.prepare(`UPDATE {message} SET ${place} WHERE id = ?2 AND ?3 <> ''`)",
    tests,
  },
  {
    guard: "a claim that comes late takes nothing (SQLite)",
    file: CLAIM,
    find: "if (slot !== undefined && seq < slot.seq) return NOTHING;",
    put: "",
    tests,
  },
  {
    guard: "a claim that comes again gets the same batch (SQLite)",
    file: CLAIM,
    find: "if (slot?.seq === seq) {",
    put: "if (slot?.seq === -1) {",
    tests,
  },
  {
    guard: "the nonce tells a replay from a second use of an id (SQLite)",
    file: "src/broker/sqlite/push.ts",
    find: 'first === nonce ? "enqueued" : "duplicate"',
    put: '"enqueued"',
    tests,
  },
  {
    guard: "an outcome younger than a minute stays (SQLite)",
    file: "src/broker/sqlite/trim.ts",
    find: "old.all(nowMs - LEAST_RETAIN_MS, most)",
    put: "old.all(nowMs, most)",
    tests,
  },
  {
    guard: "outcomes are bounded by count (SQLite)",
    file: "src/broker/sqlite/trim.ts",
    find: "count <= retention.count && bytes <= retention.bytes",
    put: "bytes <= retention.bytes",
    tests,
  },
];
