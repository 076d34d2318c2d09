import type { RedisCommand } from "./commands.ts";
import type { Connection } from "./connection.ts";
import { type Reply, replyOf } from "./reply.ts";

/** How many connections a pool may have, and what makes it use the next one. */
export interface PoolOptions {
  readonly size: number;
  /** A connection whose answers are late by this many milliseconds is held up. */
  readonly heldUpAfterMs?: number;
}

const HELD_UP_AFTER_MS = 20;
const HELD_UP_BY = 1_000;

/**
 * The connections that all requests share. One carries them all as long as it answers at once, as
 * commands that leave together are cheapest; what a big request holds up goes around it by the next.
 */
export class Pool {
  readonly #connections: readonly Connection[];
  readonly #heldUpAfterMs: number;

  constructor(open: () => Connection, { size, heldUpAfterMs = HELD_UP_AFTER_MS }: PoolOptions) {
    this.#connections = Array.from({ length: size }, open);
    this.#heldUpAfterMs = heldUpAfterMs;
  }

  /** Picks the connection for the commands of one request. */
  pick(): Connection {
    let best = this.#connections[0]!;
    for (const connection of this.#connections) {
      if (!this.#isHeldUp(connection)) return connection;
      if (connection.pending < best.pending) best = connection;
    }
    return best;
  }

  #isHeldUp({ pending, silentMs }: Connection): boolean {
    return pending >= HELD_UP_BY || pending > 0 && silentMs >= this.#heldUpAfterMs;
  }

  /**
   * Sends one command of the gateway's own.
   *
   * @throws {Error} with Redis' own error text.
   * @throws {ConnectionError} if Redis cannot be reached, or the connection broke.
   */
  async send(command: RedisCommand): Promise<Reply> {
    const connection = this.pick();
    await connection.ready();
    return await connection.send(command, replyOf);
  }

  /** Lets what was sent be answered, then closes. */
  async close(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.close()));
  }
}
