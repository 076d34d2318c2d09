/** The layout of the tables, and the version of it that a file holds. */

import { LayoutMismatchError } from "../../errors.ts";
import type { SqliteConnection } from "./driver.ts";

/** Names the layout below; another one is refused, never converted in passing. */
export const LAYOUT = "3";

// Every namespace has tables of its own, so that one of another layout can lie beside it. The meta
// table is the only thing that all versions of Dabba read alike: its columns never change.
const META = `
  CREATE TABLE IF NOT EXISTS dabba_meta (
    number INTEGER PRIMARY KEY,
    namespace TEXT NOT NULL UNIQUE,
    layout TEXT NOT NULL
  ) STRICT`;

// The body has a table of its own: a row is rewritten at each claim, renewal and settlement, and
// must not drag 256 KiB along. Columns of opaque text are ANY: see `opaque` in opaque.ts. The checks
// keep every message where it is found again: in its line, with the dead, or on its way out. The tally
// counts the dead and their bytes by triggers, so that no operation can forget to, nor a repair.
const TABLES = `
  CREATE TABLE {message} (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    nonce TEXT NOT NULL,
    queue TEXT NOT NULL,
    lane INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'live',
    visible_at INTEGER,
    turn INTEGER NOT NULL,
    enqueued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    finished_at INTEGER NOT NULL DEFAULT 0,
    forget_at INTEGER,
    fence INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    crashes INTEGER NOT NULL DEFAULT 0,
    claim TEXT,
    parked INTEGER NOT NULL DEFAULT 0,
    settled TEXT,
    cancelled_by TEXT,
    redriven_by TEXT,
    worker TEXT NOT NULL DEFAULT '',
    crashed_worker TEXT NOT NULL DEFAULT '',
    weight INTEGER NOT NULL DEFAULT 0,
    progress ANY NOT NULL DEFAULT '',
    journal ANY NOT NULL DEFAULT '',
    result ANY NOT NULL DEFAULT '',
    CHECK ((visible_at IS NOT NULL) = (state = 'live')),
    CHECK ((forget_at IS NOT NULL) = (state NOT IN ('live', 'dead')))
  ) STRICT;
  CREATE INDEX {message}_line ON {message} (queue, lane, visible_at, turn)
    WHERE visible_at IS NOT NULL;
  CREATE INDEX {message}_dead ON {message} (finished_at, turn) WHERE state = 'dead';
  CREATE INDEX {message}_forget ON {message} (forget_at, turn, finished_at, octet_length(result))
    WHERE forget_at IS NOT NULL;
  CREATE TABLE {tally} (key INTEGER PRIMARY KEY, count INTEGER NOT NULL, bytes INTEGER NOT NULL)
    STRICT;
  INSERT INTO {tally} VALUES (1, 0, 0);
  CREATE TRIGGER {message}_added AFTER INSERT ON {message} WHEN new.state = 'dead' BEGIN
    UPDATE {tally} SET count = count + 1, bytes = bytes + new.weight WHERE key = 1;
  END;
  CREATE TRIGGER {message}_removed AFTER DELETE ON {message} WHEN old.state = 'dead' BEGIN
    UPDATE {tally} SET count = count - 1, bytes = bytes - old.weight WHERE key = 1;
  END;
  CREATE TRIGGER {message}_changed AFTER UPDATE OF state, weight ON {message}
    WHEN old.state = 'dead' OR new.state = 'dead' BEGIN
    UPDATE {tally} SET
      count = count + (new.state = 'dead') - (old.state = 'dead'),
      bytes = bytes + new.weight * (new.state = 'dead') - old.weight * (old.state = 'dead')
      WHERE key = 1;
  END;
  CREATE TABLE {body} (key INTEGER PRIMARY KEY, body ANY NOT NULL) STRICT;
  CREATE TABLE {dedupe} (key TEXT PRIMARY KEY, id TEXT NOT NULL, until INTEGER NOT NULL)
    STRICT, WITHOUT ROWID;
  CREATE INDEX {dedupe}_until ON {dedupe} (until);
  CREATE TABLE {slot} (
    channel TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    keys TEXT NOT NULL,
    settled TEXT NOT NULL,
    told TEXT NOT NULL DEFAULT '',
    used_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX {slot}_used ON {slot} (used_at)`;

/** Writes a statement's `{table}` as the table of one namespace, known by its number. */
export function withTables(text: string, namespaceNumber: number): string {
  return text.replace(/\{(\w+)\}/g, `dabba_${namespaceNumber}_$1`);
}

/**
 * Gives the number of a namespace; undefined when the file does not hold it yet. Writes nothing.
 *
 * @throws {LayoutMismatchError} when another version of Dabba laid the namespace out.
 */
export function findNamespace(
  db: SqliteConnection,
  namespace: string,
  where: string,
): number | undefined {
  const known = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'dabba_meta'").get();
  if (known === undefined) return undefined;
  const row = db.prepare<{ number: number; layout: string }>(
    "SELECT number, layout FROM dabba_meta WHERE namespace = ?",
  )
    .get(namespace);
  if (row === undefined) return undefined;
  if (row.layout !== LAYOUT) {
    throw new LayoutMismatchError(row.layout, LAYOUT, where);
  }
  return row.number;
}

/** Creates the tables of a namespace; to be called inside a transaction that may write. */
export function createNamespace(db: SqliteConnection, namespace: string): number {
  db.exec(META);
  const { lastInsertRowid } = db.prepare(
    "INSERT INTO dabba_meta (namespace, layout) VALUES (?, ?)",
  ).run(namespace, LAYOUT);
  const number = Number(lastInsertRowid);
  db.exec(withTables(TABLES, number));
  return number;
}
