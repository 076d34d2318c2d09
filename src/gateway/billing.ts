/** Counts commands as Upstash bills them. */

import { isReplyError } from "./connection_error.ts";
import type { Pool } from "./pool.ts";

/** Says how many billable commands a Redis has run. */
export interface BillingReport {
  /** All of them: each command, and each that a script has run, besides the call of the script. */
  readonly commands: number;
  /** The same by name, in lower case: `evalsha`, `config|set`. */
  readonly byCommand: Readonly<Record<string, number>>;
  /** Since when, as an ISO instant. */
  readonly since: string;
}

/** What clients and the gateway send for themselves, and what Upstash does not bill. */
const FREE =
  /^(?:info|command|hello|auth|select|quit|reset|multi|exec|discard|config|client|acl)(?:\||$)/;

/**
 * The count of one Redis, from the statistics that it keeps itself: whatever asked for a command, this
 * gateway or another client, it is on the bill.
 */
export class Billing {
  readonly #pool: Pool;
  #base: ReadonlyMap<string, number> | undefined;
  #since = new Date();
  #beginning: Promise<void> | undefined;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Begins to count, unless that was done; nothing to wait for is `undefined`. */
  begin(): Promise<void> | undefined {
    if (this.#base !== undefined) return undefined;
    this.#beginning ??= this.#beginOnce().finally(() => this.#beginning = undefined);
    return this.#beginning;
  }

  // A user who may not see the statistics may work all the same.
  async #beginOnce(): Promise<void> {
    try {
      await this.reset();
    } catch (error) {
      if (!isReplyError(error)) throw error;
      this.#base = new Map();
    }
  }

  /** Counts from now on. */
  async reset(): Promise<void> {
    this.#base = await this.#calls();
    this.#since = new Date();
  }

  /** Says what has been counted. */
  async read(): Promise<BillingReport> {
    await this.begin();
    const byCommand: Record<string, number> = {};
    let commands = 0;
    for (const [name, calls] of await this.#calls()) {
      const before = this.#base!.get(name) ?? 0;
      // Fewer than before: Redis has been restarted, or its statistics reset.
      const count = calls < before ? calls : calls - before;
      if (count === 0) continue;
      byCommand[name] = count;
      commands += count;
    }
    return { commands, byCommand, since: this.#since.toISOString() };
  }

  async #calls(): Promise<Map<string, number>> {
    const reply = await this.#pool.send({ name: "INFO", args: ["commandstats"] });
    const calls = new Map<string, number>();
    for (const line of String(reply).split("\r\n")) {
      const found = /^cmdstat_([^:]+):calls=(\d+)/.exec(line);
      if (found && !FREE.test(found[1]!)) calls.set(found[1]!, Number(found[2]));
    }
    return calls;
  }
}
