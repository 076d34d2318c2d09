import type { Connection } from "./connection.ts";
import { ConnectionError } from "./connection_error.ts";

const MAX_SPARES = 16;

/**
 * Connections that one request at a time has for itself: what it does there waits for nobody, and
 * nobody for it. They are opened when needed and kept; a request beyond the last one waits its turn.
 */
export class SpareConnections {
  readonly #open: () => Connection;
  readonly #all: Set<Connection> = new Set();
  readonly #idle: Connection[] = [];
  readonly #waiting: ((connection: Connection) => void)[] = [];

  constructor(open: () => Connection) {
    this.#open = open;
  }

  /**
   * Does work on a connection of its own, unless its caller has hung up by then.
   *
   * @throws {ConnectionError} if the caller has; nothing was sent.
   */
  async use<T>(work: (connection: Connection) => Promise<T>, caller: AbortSignal): Promise<T> {
    const connection = await this.#take();
    try {
      if (caller.aborted) {
        throw new ConnectionError("ERR the caller has hung up, the commands were not sent");
      }
      await connection.ready();
      return await work(connection);
    } finally {
      this.#giveBack(connection);
    }
  }

  #take(): Connection | Promise<Connection> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    if (this.#all.size === MAX_SPARES) {
      return new Promise((resolve) => this.#waiting.push(resolve));
    }
    const connection = this.#open();
    this.#all.add(connection);
    return connection;
  }

  #giveBack(connection: Connection): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(connection);
    else next(connection);
  }

  /** Lets what was sent be answered, then closes; who still waits is told that it is closed. */
  async close(): Promise<void> {
    await Promise.all([...this.#all].map((connection) => connection.close()));
  }
}
