/** Stores for the tests of the SQLite broker. */

import type { Broker } from "../../../src/broker/broker.ts";
import { findDriver } from "../../../src/broker/sqlite/driver.ts";
import { sqliteBroker } from "../../../src/broker/sqlite/mod.ts";
import { type ContractHarness, type HarnessBounds, manualClock } from "../contract/harness.ts";

/** Opens a store in memory; nobody else can look into it. */
export function openMemory(bounds?: HarnessBounds): Promise<ContractHarness> {
  const clock = manualClock();
  const broker = sqliteBroker({ path: ":memory:", clock: clock.now, ...bounds });
  return Promise.resolve({
    broker,
    clock,
    leftovers: () => Promise.resolve([]),
    close: () => broker.close(),
  });
}

/** Opens a store in a file of its own. */
export async function openFile(bounds?: HarnessBounds): Promise<ContractHarness> {
  const folder = await Deno.makeTempDir({ prefix: "dabba-sqlite-" });
  const path = `${folder}/dabba.db`;
  const clock = manualClock();
  const brokers: Broker[] = [];
  const open = () => {
    // Waiting for the disk is tested elsewhere; here it would only take time.
    const broker = sqliteBroker({ path, clock: clock.now, synchronous: "normal", ...bounds });
    brokers.push(broker);
    return broker;
  };
  return {
    broker: open(),
    clock,
    reopen: () => Promise.resolve(open()),
    leftovers: () => Promise.resolve(listLeftovers(path)),
    close: async () => {
      await Promise.all(brokers.map((broker) => broker.close()));
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/**
 * What may stay for good: the meta row, messages in a line, dead letters, and the bodies of both.
 * All else must have an end.
 */
const LEFTOVERS: readonly string[] = [
  `SELECT 'message ' || id || ' is nowhere' AS what FROM dabba_1_message
    WHERE (visible_at IS NOT NULL) + (state = 'dead') + (forget_at IS NOT NULL) <> 1`,
  `SELECT 'message ' || id || ' is ' || state || ' in a line' AS what FROM dabba_1_message
    WHERE (state = 'live') <> (visible_at IS NOT NULL)`,
  `SELECT 'body of ' || key || ' has no use' AS what FROM dabba_1_body AS body
    WHERE NOT EXISTS (SELECT 1 FROM dabba_1_message AS message
      WHERE message.key = body.key AND state IN ('live', 'dead'))`,
  `SELECT 'message ' || id || ' has no body' AS what FROM dabba_1_message AS message
    WHERE state IN ('live', 'dead')
      AND NOT EXISTS (SELECT 1 FROM dabba_1_body AS body WHERE body.key = message.key)`,
  `SELECT 'the dead are counted as ' || count || ' of ' || bytes || ' bytes' AS what
    FROM dabba_1_tally WHERE (count, bytes) <> (SELECT count(*),
      coalesce(sum(octet_length(body) + octet_length(journal)), 0)
      FROM dabba_1_message JOIN dabba_1_body USING (key) WHERE state = 'dead')`,
  `SELECT 'table ' || name AS what FROM sqlite_schema WHERE type = 'table' AND name NOT IN
    ('dabba_meta', 'dabba_1_message', 'dabba_1_body', 'dabba_1_dedupe', 'dabba_1_slot',
      'dabba_1_tally')`,
];

function listLeftovers(path: string): string[] {
  const db = findDriver()(path);
  try {
    const tables = db.prepare<{ n: number }>("SELECT count(*) AS n FROM sqlite_schema").get()!;
    if (tables.n === 0) return [];
    return LEFTOVERS.flatMap((query) => {
      return db.prepare<{ what: string }>(query).all().map(({ what }) => what);
    });
  } finally {
    db.close();
  }
}
