/** Looks through a namespace, a page of rows at a time, and mends what can be mended. */

import type { CheckPage, Finding } from "../broker.ts";
import { type Rule, type Table, TABLES } from "./check_rules.ts";
import type { Sql } from "./sql.ts";

/** How many rows a page looks at; a repair holds the lock of the file meanwhile. */
const PAGE = 500;

/** Says where a page begins: at a row of a table; the file itself comes first. */
export interface CheckPlace {
  readonly table: Table["name"] | "file";
  /** The first row's key; undefined for the beginning. */
  readonly from: string | number | undefined;
}

interface Mending {
  readonly repair: boolean;
  readonly nowMs: number;
}

/** Reads a page's `next`. */
export function parsePlace(after = "file"): CheckPlace {
  const [name, ...rest] = after.split(" ");
  const table = TABLES.find((one) => one.name === name);
  if (after === "file") return { table: "file", from: undefined };
  if (table && rest.length === 0) return { table: table.name, from: undefined };
  const from = rest.join(" ");
  if (table === undefined || isNumbered(table) && !/^-?\d{1,15}$/.test(from)) {
    throw new TypeError(`Cannot read "after": it must be the "next" of a page`);
  }
  return { table: table.name, from: isNumbered(table) ? Number(from) : from };
}

function isNumbered({ name }: Table): boolean {
  return name === "message" || name === "body";
}

/** Prepares the operation; to be called inside a transaction, which may write if it is to repair. */
export function prepareCheck(
  sql: Sql,
): (place: CheckPlace, repair: boolean, nowMs: number) => CheckPage {
  // At the first check: most brokers are never asked for one.
  let walks: ReturnType<typeof prepareWalks> | undefined;
  return ({ table, from }, repair, nowMs) => {
    walks ??= prepareWalks(sql);
    const mending = { repair, nowMs };
    if (table === "file") return walks.file(mending);
    return unchecked(sql, repair, () => walks![table](from, mending));
  };
}

function prepareWalks(sql: Sql) {
  const [message, body, dedupe, slot] = TABLES.map((table) => prepareTable(sql, table));
  return {
    file: prepareFile(sql),
    message: message!,
    body: body!,
    dedupe: dedupe!,
    slot: slot!,
  };
}

// A row may break two constraints at once, and is mended one after the other.
function unchecked<T>(sql: Sql, repair: boolean, work: () => T): T {
  if (!repair) return work();
  sql.prepare("PRAGMA ignore_check_constraints = ON").run();
  try {
    return work();
  } finally {
    sql.prepare("PRAGMA ignore_check_constraints = OFF").run();
  }
}

function prepareTable(sql: Sql, table: Table) {
  const { name, key } = table;
  const list = sql.prepare<{ at: string | number }>(
    `SELECT ${key} AS at FROM {${name}} WHERE ${key} >= ? ORDER BY ${key} LIMIT ${PAGE + 1}`,
  );
  const rules = table.rules.map((rule) => prepareRule(sql, table, rule));
  const first = isNumbered(table) ? Number.MIN_SAFE_INTEGER : "";
  return (from: string | number | undefined, mending: Mending): CheckPage => {
    const keys = list.all(from ?? first).map(({ at }) => at);
    const page = keys.slice(0, PAGE);
    const findings = page.length === 0
      ? []
      : rules.flatMap((check) => check([page[0]!, page.at(-1)!], mending));
    const rest = keys[PAGE];
    const next = rest === undefined ? tableAfter(table)?.name : `${name} ${rest}`;
    return { findings, checked: page.length, next };
  };
}

function tableAfter(table: Table): Table | undefined {
  return TABLES[TABLES.indexOf(table) + 1];
}

function prepareRule(sql: Sql, { name, key, id }: Table, rule: Rule) {
  const { problem, when, found, mends } = rule;
  const pick = sql.prepare<{ id: string; at: string | number }>(`
    SELECT ${id} AS id, ${key} AS at FROM {${name}} AS row
    WHERE ${key} BETWEEN ?2 AND ?3 AND (${when}) ORDER BY ${key}`);
  const mend = sql.prepare(rule.repair);
  return (
    [from, to]: readonly [string | number, string | number],
    { repair, nowMs }: Mending,
  ): Finding[] =>
    pick.all(nowMs, from, to).map((row) => {
      if (repair) mend.run(nowMs, row.at);
      const detail = repair ? `${found}; ${mends}` : `${found}; when mended, ${mends}`;
      return { id: row.id, problem, detail, repaired: repair };
    });
}

const INDEX = /index|non-unique entry/i;

/** Has SQLite look at the whole file, and at each index; an index can be built anew. */
function prepareFile(sql: Sql): (mending: Mending) => CheckPage {
  const look = sql.prepare<{ integrity_check: string }>("PRAGMA integrity_check(20)");
  return ({ repair }) => {
    // Of these, the pages say more.
    const texts = look.all().map((row) => row.integrity_check).filter((text) =>
      text !== "ok" && !text.startsWith("CHECK constraint failed")
    );
    const findings = texts.map((text): Finding => {
      const mended = repair && INDEX.test(text);
      if (mended) sql.prepare("REINDEX").run();
      return INDEX.test(text)
        ? {
          id: "file",
          problem: "unindexed",
          detail: `${text}; ${mended ? "" : "when mended, "}each index is built anew`,
          repaired: mended,
        }
        : {
          id: "file",
          problem: "damaged",
          detail: `${text}; stop all users of the file, then restore it from a backup, ` +
            `or run: sqlite3 the-file .recover`,
          repaired: false,
        };
    });
    return { findings, checked: 1, next: TABLES[0]!.name };
  };
}
