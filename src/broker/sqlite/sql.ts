/** Prepared statements, typed, against the tables of one namespace. */

import type { DatabaseSync } from "node:sqlite";
import { withTables } from "./schema.ts";

/** What can be bound to a parameter. */
export type Value = string | number | Uint8Array | null;

/** Is a prepared statement whose rows have a known shape. */
export interface Statement<Row> {
  /** Gives the first row. */
  get(...values: Value[]): Row | undefined;
  /** Gives all rows. */
  all(...values: Value[]): Row[];
  /** Runs it for its effect. */
  run(...values: Value[]): { readonly changes: number; readonly lastInsertRowid: number };
}

/** Prepares the statements of one namespace. */
export class Sql {
  readonly #db: DatabaseSync;
  readonly #namespaceNumber: number;

  constructor(db: DatabaseSync, namespaceNumber: number) {
    this.#db = db;
    this.#namespaceNumber = namespaceNumber;
  }

  /** Prepares one statement; `{message}` in its text is the table of the namespace. */
  prepare<Row = never>(text: string): Statement<Row> {
    const statement = this.#db.prepare(withTables(text, this.#namespaceNumber));
    // Without readBigInts node:sqlite gives numbers, and throws rather than rounding one.
    return statement as unknown as Statement<Row>;
  }
}
