/** The embedded broker: one transaction an operation, on a file that processes may share. */

import {
  type Broker,
  type BrokerStats,
  type CheckPage,
  type DeadPage,
  type Diagnosis,
  type ExchangeReply,
  type ExchangeRequest,
  EXCHANGING,
  type MessageRecord,
  type MessageRef,
  type PushMessage,
  type PushReply,
} from "../broker.ts";
import { type Bounds, resolveBounds } from "../bounds.ts";
import type { DeadLetterBounds } from "../dead_bounds.ts";
import { guardBatch, guardCount, guardExchange } from "../guards.ts";
import type { Retention } from "../retention.ts";
import { prepareCancel, prepareDiscard } from "./cancel.ts";
import { parsePlace, prepareCheck } from "./check.ts";
import { Database, type DatabaseOptions } from "./database.ts";
import { parseCursor, prepareDead, prepareRedrive } from "./dead.ts";
import { examineFile } from "./doctor.ts";
import { prepareEarliest } from "./earliest.ts";
import { prepareExchange } from "./exchange.ts";
import { preparePush } from "./push.ts";
import { prepareRead } from "./read.ts";
import type { Sql } from "./sql.ts";
import { prepareStats } from "./stats.ts";

type WithResult = MessageRef & { readonly result: string };
type Op = { readonly id: string; readonly retainMs: number };
type Operations = ReturnType<typeof prepareOperations>;

/** Is the broker behind `sqliteBroker()`. */
export class SqliteBroker implements Broker {
  readonly kind = "sqlite";
  readonly polling = { minMs: 20, maxMs: 250 };
  /** Nothing is paid for here, and a transaction that waits gathers by itself. */
  readonly lingerMs = 0;
  readonly #database: Database<Operations>;
  readonly #clock: () => number;

  constructor(
    { clock, retention, deadLetters, ...options }: DatabaseOptions & {
      readonly clock: () => number;
      readonly retention?: Partial<Retention>;
      readonly deadLetters?: Partial<DeadLetterBounds>;
    },
  ) {
    const bounds = resolveBounds({ retention, deadLetters });
    this.#database = new Database(options, (sql) => prepareOperations(sql, bounds));
    this.#clock = clock;
  }

  async push(messages: readonly PushMessage[]): Promise<PushReply[]> {
    guardBatch("enqueue", messages);
    return await this.#database.write("enqueue", ({ push }) => push(messages, this.#now()));
  }

  async exchange(request: ExchangeRequest): Promise<ExchangeReply> {
    guardExchange(request);
    return await this.#database.write(
      EXCHANGING,
      ({ exchange }) => exchange(request, this.#now()),
    );
  }

  probe(queues: readonly string[]): Promise<number | undefined> {
    return this.#database.read("look for messages", ({ earliest }) => earliest(queues));
  }

  async read(ids: readonly string[]): Promise<(MessageRecord | undefined)[]> {
    guardBatch("read", ids);
    return await this.#database.read("read", ({ read }) => read(ids, this.#now()));
  }

  async cancel(
    messages: readonly WithResult[],
    op: Op,
  ): Promise<("cancelled" | "not_found" | "final")[]> {
    guardBatch("cancel", messages);
    return await this.#database.write(
      "cancel",
      ({ cancel }) => cancel(messages, op, this.#now()),
    );
  }

  async dead(page: { readonly limit: number; readonly after?: string }): Promise<DeadPage> {
    guardCount("list dead letters", "limit", page.limit, 1);
    const after = parseCursor(page.after);
    return await this.#database.read(
      "list dead letters",
      ({ dead }) => dead({ limit: page.limit, after }, this.#now()),
    );
  }

  async redrive(letters: readonly MessageRef[], op: string): Promise<("redriven" | "not_dead")[]> {
    guardBatch("redrive", letters);
    return await this.#database.write(
      "redrive",
      ({ redrive }) => redrive(letters, op, this.#now()),
    );
  }

  async discard(
    letters: readonly WithResult[],
    op: Op,
  ): Promise<("discarded" | "not_dead")[]> {
    guardBatch("discard", letters);
    return await this.#database.write(
      "discard",
      ({ discard }) => discard(letters, op, this.#now()),
    );
  }

  stats(): Promise<BrokerStats> {
    return this.#database.read("count", ({ stats }) => stats(this.#now()));
  }

  async check(page: { readonly repair: boolean; readonly after?: string }): Promise<CheckPage> {
    const place = parsePlace(page.after);
    const work = ({ check }: Operations) => check(place, page.repair, this.#now());
    return await (page.repair
      ? this.#database.write("check the store", work)
      : this.#database.read("check the store", work));
  }

  async doctor(): Promise<Diagnosis[]> {
    return examineFile(await this.#database.opened());
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  /** Reads the clock inside the transaction: under the lock, time follows the order of writes. */
  #now(): number {
    return Math.floor(this.#clock());
  }
}

function prepareOperations(sql: Sql, bounds: Bounds) {
  return {
    push: preparePush(sql),
    exchange: prepareExchange(sql, bounds),
    earliest: prepareEarliest(sql),
    read: prepareRead(sql),
    cancel: prepareCancel(sql),
    dead: prepareDead(sql),
    redrive: prepareRedrive(sql),
    discard: prepareDiscard(sql),
    stats: prepareStats(sql, bounds.deadLetters),
    check: prepareCheck(sql),
  };
}
