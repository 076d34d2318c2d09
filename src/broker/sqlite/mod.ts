/**
 * The embedded broker: a file, no server, several processes on it if need be.
 *
 * ```ts
 * import { sqliteBroker } from "@dabba/queue/sqlite";
 *
 * const broker = sqliteBroker({ path: ":memory:" });
 * const stats = await broker.stats();
 * console.log(stats.dead); // 0
 * await broker.close();
 * ```
 *
 * It needs the runtime's own SQLite: Deno 2.2, Node 22.13 (or 22.5 with `--experimental-sqlite`),
 * Bun 1.2, or later. It is in a module of its own, so that no edge bundle contains it.
 *
 * @module
 */

import { checkKnown, type Known } from "../../known_options.ts";
import type { Broker } from "../broker.ts";
import type { DeadLetterBounds } from "../dead_bounds.ts";
import type { Retention } from "../retention.ts";
import { SqliteBroker } from "./sqlite_broker.ts";

export type { DeadLetterBounds, DeadStock } from "../dead_bounds.ts";
export type { Retention } from "../retention.ts";

/** Configures the embedded broker. */
export interface SqliteBrokerOptions {
  /**
   * The file, created when it is missing; its folder must exist. `":memory:"` keeps everything in
   * this process and loses it with the process.
   *
   * @default "dabba.db"
   */
  readonly path?: string;
  /**
   * Separates applications that share a file: `[A-Za-z0-9_.:-]{1,64}`.
   *
   * @default "dabba"
   */
  readonly namespace?: string;
  /**
   * Replaces the system's clock, for tests: milliseconds since 1970. Processes that share a file must
   * share the clock.
   *
   * @default Date.now
   */
  readonly clock?: () => number;
  /**
   * Says when a write counts as done. `"full"` waits for the disk: what was acknowledged survives
   * `kill -9` and a power cut. `"normal"` survives `kill -9`; a power cut can undo the last calls,
   * acknowledged as they were, though it leaves the file sound.
   *
   * @default "full"
   */
  readonly synchronous?: "full" | "normal";
  /**
   * Bounds what is kept of messages that have ended; what would be forgotten first goes first, but
   * nothing younger than a minute.
   *
   * @default { count: 10_000, bytes: 4_194_304 }
   */
  readonly retention?: Partial<Retention>;
  /**
   * Bounds the dead letters; the one that died first is dropped first, for good, but none younger than a
   * minute.
   *
   * @default { count: 100_000, bytes: 67_108_864 }
   */
  readonly deadLetters?: Partial<DeadLetterBounds>;
  /** Hears, once, of what makes this file less safe or slow, such as an SQLite with a known bug. */
  readonly onWarning?: (message: string) => void;
}

const OPTIONS: Known<SqliteBrokerOptions> = {
  path: true,
  namespace: true,
  clock: true,
  synchronous: true,
  retention: true,
  deadLetters: true,
  onWarning: true,
};
const NAME = /^[A-Za-z0-9_.:-]{1,64}$/;

/**
 * Makes a broker on a file of SQLite; the file is opened at the first call.
 *
 * A call that finds the file locked by another process waits for up to 30 seconds, then fails with a
 * retryable `BrokerError`. Queues may be as long as the disk is large: claiming does not slow down.
 *
 * ```ts
 * import { sqliteBroker } from "@dabba/queue/sqlite";
 *
 * const broker = sqliteBroker({ path: "/var/lib/shop/dabba.db" });
 * console.log(broker.kind); // "sqlite"
 * ```
 *
 * @throws {TypeError} when the path is empty, or the namespace is not a name.
 * @throws {DabbaError} `no_broker` when this runtime has no SQLite.
 */
export function sqliteBroker(options: SqliteBrokerOptions = {}): Broker {
  const {
    path = "dabba.db",
    namespace = "dabba",
    clock = Date.now,
    synchronous = "full",
    retention,
    deadLetters,
    onWarning,
  } = options;
  if (path === "") throw new TypeError(`Cannot use path "": it must name a file, or ":memory:"`);
  if (!NAME.test(namespace)) {
    throw new TypeError(`Cannot use namespace "${namespace}": it must match ${NAME.source}`);
  }
  if (synchronous !== "full" && synchronous !== "normal") {
    throw new TypeError(`Cannot use synchronous "${synchronous}": it must be "full" or "normal"`);
  }
  if ("confirm" in options) {
    throw new TypeError(
      'Cannot use confirm: a file has no replicas; synchronous: "full" is the most that it gives',
    );
  }
  checkKnown(options, OPTIONS, "use this SQLite file");
  const bounds = { retention, deadLetters };
  return new SqliteBroker({ path, namespace, clock, synchronous, ...bounds, onWarning });
}
