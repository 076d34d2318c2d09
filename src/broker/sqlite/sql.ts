/** Prepared statements, typed, against the tables of one namespace. */

import type { SqliteConnection, Statement } from "./driver.ts";
import { withTables } from "./schema.ts";

/** Prepares the statements of one namespace. */
export class Sql {
  readonly #db: SqliteConnection;
  readonly #namespaceNumber: number;

  constructor(db: SqliteConnection, namespaceNumber: number) {
    this.#db = db;
    this.#namespaceNumber = namespaceNumber;
  }

  /** Prepares one statement; `{message}` in its text is the table of the namespace. */
  prepare<Row = never>(text: string): Statement<Row> {
    return this.#db.prepare<Row>(withTables(text, this.#namespaceNumber));
  }
}
