/** One connection to a file: opened at the first call, shared with other processes in peace. */

import { BrokerError } from "../../errors.ts";
import type { Opened } from "./doctor.ts";
import { type Driver, findDriver, type SqliteConnection } from "./driver.ts";
import { asBrokerError, isBusy } from "./failure.ts";
import { createNamespace, findNamespace } from "./schema.ts";
import { Sql } from "./sql.ts";
import { warningsOf } from "./warnings.ts";

/** How long SQLite itself waits for a lock; short, because the whole process waits with it. */
const LOCK_WAIT_MS = 20;
/** How long a call keeps trying for a lock, its process running on meanwhile. */
const LOCK_PATIENCE_MS = 30_000;
/** The longest pause between two tries. */
const LOCK_PAUSE_MS = 20;
/** How far the write-ahead log shrinks back after a burst. */
const WAL_KEEP_BYTES = 64 * 1024 * 1024;

/** Says what to open, and how. */
export interface DatabaseOptions {
  readonly path: string;
  readonly namespace: string;
  readonly synchronous: "full" | "normal";
  readonly onWarning?: (message: string) => void;
  /** The most pages the file may have; for tests of a full disk. */
  readonly maxPages?: number;
  /** How long a call keeps trying for a lock, in milliseconds; for tests of a locked file. */
  readonly lockPatienceMs?: number;
}

interface Connection<Statements> {
  readonly db: SqliteConnection;
  readonly statements: Statements;
  readonly about: Pick<Opened, "version" | "journalMode">;
}

/** Runs work in transactions; `Statements` is what was prepared for the namespace. */
export class Database<Statements> {
  readonly #options: DatabaseOptions;
  readonly #prepare: (sql: Sql) => Statements;
  readonly #driver: Driver;
  #connection: Connection<Statements> | undefined;
  #closed = false;
  #warned = false;

  constructor(options: DatabaseOptions, prepare: (sql: Sql) => Statements) {
    this.#options = options;
    this.#prepare = prepare;
    this.#driver = findDriver();
  }

  /** Runs work in a transaction that holds the write lock from its start. */
  write<T>(operation: string, work: (statements: Statements) => T): Promise<T> {
    return this.#run(operation, "BEGIN IMMEDIATE", work);
  }

  /** Runs work that only reads, on one snapshot. */
  read<T>(operation: string, work: (statements: Statements) => T): Promise<T> {
    return this.#run(operation, "BEGIN", work);
  }

  /** Says what is known of the file, which is opened for it. */
  async opened(): Promise<Opened> {
    await this.read("open the store", () => undefined);
    const { path, synchronous } = this.#options;
    return { path, synchronous, ...this.#connection!.about };
  }

  /** Closes the file; again does nothing. */
  close(): void {
    this.#closed = true;
    this.#connection?.db.close();
    this.#connection = undefined;
  }

  async #run<T>(
    operation: string,
    begin: string,
    work: (statements: Statements) => T,
  ): Promise<T> {
    const { path, lockPatienceMs = LOCK_PATIENCE_MS } = this.#options;
    const startedAt = performance.now();
    while (true) {
      if (this.#closed) {
        throw new BrokerError(operation, "the broker is closed", { retryable: false });
      }
      try {
        this.#connection ??= this.#open();
        const { db, statements } = this.#connection;
        return transaction(db, begin, () => work(statements));
      } catch (error) {
        const patient = performance.now() - startedAt < lockPatienceMs;
        if (!isBusy(error) || !patient) throw asBrokerError(operation, path, error);
      }
      // A random pause: two processes that lost the same race must not meet again.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * LOCK_PAUSE_MS));
    }
  }

  #open(): Connection<Statements> {
    const { path, namespace, synchronous, maxPages } = this.#options;
    const where = `namespace "${namespace}" of "${path}"`;
    const db = this.#driver(path);
    try {
      db.exec(`PRAGMA busy_timeout = ${LOCK_WAIT_MS}`);
      // Before anything is written: a file of another layout stays as it is.
      findNamespace(db, namespace, where);
      const { journal_mode: mode } = db.prepare<{ journal_mode: string }>(
        "PRAGMA journal_mode = WAL",
      ).get()!;
      db.exec(`PRAGMA synchronous = ${synchronous}`);
      // On macOS an ordinary sync leaves the data in the disk's own cache; elsewhere it changes nothing.
      if (synchronous === "full") db.exec("PRAGMA fullfsync = ON");
      db.exec(`PRAGMA journal_size_limit = ${WAL_KEEP_BYTES}`);
      if (maxPages !== undefined) db.exec(`PRAGMA max_page_count = ${maxPages}`);
      const number = findNamespace(db, namespace, where) ??
        transaction(db, "BEGIN IMMEDIATE", () =>
          // Looked for again under the lock: two processes may create a file at the same moment.
          findNamespace(db, namespace, where) ?? createNamespace(db, namespace));
      const statements = this.#prepare(new Sql(db, number));
      const version = db.prepare<{ v: string }>("SELECT sqlite_version() AS v").get()!.v;
      const about = { version, journalMode: mode };
      this.#warn(about.version, about.journalMode);
      return { db, statements, about };
    } catch (error) {
      db.close();
      throw error;
    }
  }

  #warn(version: string, journalMode: string): void {
    const { onWarning, path } = this.#options;
    if (onWarning === undefined || this.#warned) return;
    this.#warned = true;
    for (const warning of warningsOf(path, version, journalMode)) onWarning(warning);
  }
}

function transaction<T>(db: SqliteConnection, begin: string, work: () => T): T {
  db.exec(begin);
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    rollBack(db);
    throw error;
  }
}

function rollBack(db: SqliteConnection): void {
  try {
    db.exec("ROLLBACK");
  } catch {
    // After some errors, such as a full disk, SQLite has rolled back by itself; the first error says
    // what happened, and this one would hide it.
  }
}
