import { assert, assertEquals } from "@std/assert";
import { resolveBounds } from "../../../src/broker/bounds.ts";
import { prepareCancel, prepareDiscard } from "../../../src/broker/sqlite/cancel.ts";
import { prepareDead, prepareRedrive } from "../../../src/broker/sqlite/dead.ts";
import { prepareEarliest } from "../../../src/broker/sqlite/earliest.ts";
import { prepareExchange } from "../../../src/broker/sqlite/exchange.ts";
import { preparePush } from "../../../src/broker/sqlite/push.ts";
import { prepareRead } from "../../../src/broker/sqlite/read.ts";
import { createNamespace, withTables } from "../../../src/broker/sqlite/schema.ts";
import { findDriver, type Statement } from "../../../src/broker/sqlite/driver.ts";
import { Sql } from "../../../src/broker/sqlite/sql.ts";

/** Notes the statements that an operation prepares. */
class NotingSql extends Sql {
  readonly texts: string[] = [];

  override prepare<Row = never>(text: string): Statement<Row> {
    this.texts.push(withTables(text, 1));
    return super.prepare(text);
  }
}

/** Gives the steps by which SQLite means to run each statement of an operation. */
function plansOf(prepare: (sql: Sql) => unknown): [text: string, steps: string[]][] {
  const db = findDriver()(":memory:");
  try {
    createNamespace(db, "dabba");
    const sql = new NotingSql(db, 1);
    prepare(sql);
    return sql.texts.map((text) => {
      const steps = db.prepare<{ detail: string }>(`EXPLAIN QUERY PLAN ${text}`).all();
      return [text, steps.map(({ detail }) => detail)];
    });
  } finally {
    db.close();
  }
}

const exchange = (sql: Sql) => prepareExchange(sql, resolveBounds());

const OPERATIONS: Readonly<Record<string, (sql: Sql) => unknown>> = {
  push: preparePush,
  exchange,
  probe: prepareEarliest,
  read: prepareRead,
  cancel: prepareCancel,
  discard: prepareDiscard,
  redrive: prepareRedrive,
};

for (const [operation, prepare] of Object.entries(OPERATIONS)) {
  Deno.test(`SqliteBroker.${operation}() walks indexes only, however long the queues are`, () => {
    const plans = plansOf(prepare);
    assert(plans.length > 0);
    for (const [text, steps] of plans) {
      const slow = steps.filter((step) => /^SCAN (?!.*CONSTANT ROW)|TEMP B-TREE/.test(step));
      assertEquals(slow, [], text);
    }
  });
}

Deno.test("SqliteBroker.exchange() claims in the order of the index, without sorting", () => {
  const claim = plansOf(exchange).find(([text]) => text.includes("visible_at <= ?"));
  assertEquals(claim?.[1], [
    "SEARCH dabba_1_message USING INDEX dabba_1_message_line " +
    "(queue=? AND lane=? AND visible_at<?)",
    "SEARCH dabba_1_body USING INTEGER PRIMARY KEY (rowid=?)",
  ]);
});

Deno.test("SqliteBroker.dead() finds a page without sorting", () => {
  const [list] = plansOf(prepareDead).map(([, steps]) => steps);
  assert(list!.every((step) => step.startsWith("SEARCH")), list!.join("\n"));
});
