/** SQLite as the runtime has it: `node:sqlite` on Deno and Node, `bun:sqlite` on Bun. */

import { DabbaError } from "../../errors.ts";

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

/** Is an open file. */
export interface SqliteConnection {
  /** Runs statements that give no rows. */
  exec(text: string): void;
  /** Prepares one statement. */
  prepare<Row>(text: string): Statement<Row>;
  /** Lets go of the file, and of all that was prepared on it. */
  close(): void;
}

/** Opens a file. */
export type Driver = (path: string) => SqliteConnection;

interface NodeSqlite {
  readonly DatabaseSync: new (path: string) => SqliteConnection;
}

interface BunStatement<Row> extends Omit<Statement<Row>, "get"> {
  get(...values: Value[]): Row | null;
  finalize(): void;
}

interface BunSqlite {
  readonly Database: new (path: string) => {
    exec(text: string): void;
    prepare<Row>(text: string): BunStatement<Row>;
    close(): void;
  };
}

/**
 * Finds the driver of this runtime.
 *
 * It asks the runtime by name instead of importing: bundlers follow imports, and a runtime without
 * SQLite would not even load the module.
 *
 * @throws {DabbaError} `no_broker` where there is none.
 */
export function findDriver(): Driver {
  const bun = builtin<BunSqlite>("bun:sqlite");
  if (bun) return (path) => openInBun(bun, path);
  const node = builtin<NodeSqlite>("node:sqlite");
  // Without readBigInts node:sqlite gives numbers, and throws rather than rounding one.
  if (node) return (path) => new node.DatabaseSync(path);
  throw new DabbaError(
    "no_broker",
    "Cannot use SQLite: this runtime has none; Node has it from 22.13 on (from 22.5 with " +
      "--experimental-sqlite), Deno from 2.2, Bun from 1.2; or use Redis: set " +
      "UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN, or give new Dabba({ broker: " +
      "redisBroker({ url, token }) })",
  );
}

function builtin<Module>(name: string): Module | undefined {
  const { process } = globalThis as {
    process?: {
      versions?: Record<string, string>;
      getBuiltinModule?: (name: string) => unknown;
    };
  };
  if (name.startsWith("bun:") && process?.versions?.bun === undefined) return undefined;
  return process?.getBuiltinModule?.(name) as Module | undefined;
}

function openInBun({ Database }: BunSqlite, path: string): SqliteConnection {
  const db = new Database(path);
  // What Bun before 1.4 counts itself has what triggers changed in it.
  const changes = db.prepare<{ n: number }>("SELECT changes() AS n");
  const prepared: BunStatement<unknown>[] = [changes];
  return {
    exec: (text) => db.exec(text),
    prepare<Row>(text: string): Statement<Row> {
      const statement = db.prepare<Row>(text);
      prepared.push(statement);
      return {
        get: (...values) => statement.get(...values) ?? undefined,
        all: (...values) => statement.all(...values),
        run(...values) {
          const { lastInsertRowid } = statement.run(...values);
          return { changes: changes.get()!.n, lastInsertRowid };
        },
      };
    },
    close() {
      // Bun would keep the file open until what was prepared on it is collected as garbage.
      for (const statement of prepared) statement.finalize();
      db.close();
    },
  };
}
