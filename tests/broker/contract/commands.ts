/** Commands to a broker as data, so that two brokers can be given the same ones. */

import { assertEquals } from "@std/assert";
import type {
  Broker,
  BrokerStats,
  Delivery,
  ExchangeReply,
  ExchangeRequest,
  Extension,
  MessageRecord,
  MessageRef,
  PushMessage,
  Settlement,
} from "../../../src/broker/broker.ts";
import type { ContractHarness } from "./harness.ts";

type Without<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never;

/** Is a settlement without its token, which is each broker's own. */
export type PlannedSettlement = Without<Settlement, "token">;

/** Is one command. Instants go by the run's own count, whatever the clock says. */
export type Command =
  | {
    readonly kind: "push";
    readonly messages: readonly (Omit<PushMessage, "dueAtMs"> & { readonly dueAt?: number })[];
  }
  | {
    readonly kind: "exchange";
    readonly request: Omit<ExchangeRequest, "settle" | "extend"> & {
      readonly settle: readonly PlannedSettlement[];
      readonly extend: readonly Extension[];
    };
  }
  | {
    readonly kind: "cancel" | "discard";
    readonly targets: readonly (MessageRef & { readonly result: string })[];
    readonly op: { readonly id: string; readonly retainMs: number };
  }
  | { readonly kind: "redrive"; readonly targets: readonly MessageRef[]; readonly op: string }
  | { readonly kind: "advance"; readonly ms: number };

/** Is what can be seen of a store, without what the contract leaves open. */
export interface Snapshot {
  readonly records: readonly (MessageRecord | undefined)[];
  readonly stats: BrokerStats;
  readonly dead: readonly MessageRecord[];
}

/** Where the run's own count of time begins: not at 0, which says "not yet" in a record. */
const START_MS = 1_000_000;

/** Is one of the two brokers, with instants by the run's own count. */
export class Side {
  readonly #harness: ContractHarness;
  readonly #startMs: number;
  readonly #tokens = new Map<string, string>();

  constructor(harness: ContractHarness) {
    this.#harness = harness;
    this.#startMs = harness.clock.now() - START_MS;
  }

  get nowMs(): number {
    return this.#harness.clock.now() - this.#startMs;
  }

  /** Runs a command; what comes back is comparable with the other side's. */
  run(command: Command): Promise<unknown> {
    const { broker, clock } = this.#harness;
    switch (command.kind) {
      case "push":
        return broker.push(command.messages.map(({ dueAt, ...message }) => ({
          ...message,
          ...(dueAt === undefined ? {} : { dueAtMs: dueAt + this.#startMs }),
        })));
      case "exchange":
        return this.#exchange(broker, command.request);
      case "cancel":
        return broker.cancel(command.targets, command.op);
      case "discard":
        return broker.discard(command.targets, command.op);
      case "redrive":
        return broker.redrive(command.targets, command.op);
      case "advance":
        clock.advance(command.ms);
        return Promise.resolve();
    }
  }

  async #exchange(
    broker: Broker,
    request: Extract<Command, { kind: "exchange" }>["request"],
  ): Promise<ExchangeReply> {
    const settle = request.settle.map((planned) => ({
      ...planned,
      token: this.#tokens.get(`${planned.id} ${planned.claim}`) ?? "",
    }));
    const reply = await broker.exchange({ ...request, settle });
    for (const { id, claim, token } of reply.claimed) this.#tokens.set(`${id} ${claim}`, token);
    return {
      ...reply,
      nowMs: reply.nowMs - this.#startMs,
      claimed: reply.claimed.map((delivery) => this.#delivery(delivery)),
      nextDueAtMs: this.#since(reply.nextDueAtMs),
    };
  }

  async probe(queues: readonly string[]): Promise<number | undefined> {
    return this.#since(await this.#reader.probe(queues));
  }

  /** Looks at everything. */
  async look(ids: readonly string[]): Promise<Snapshot> {
    const broker = this.#reader;
    const [records, stats, dead] = await Promise.all([
      broker.read(ids),
      broker.stats(),
      allDead(broker),
    ]);
    return {
      records: records.map((record) => record && this.#record(record)),
      stats: {
        ...stats,
        nowMs: stats.nowMs - this.#startMs,
        queues: stats.queues.map((queue) => ({
          ...queue,
          oldestReadyAtMs: this.#since(queue.oldestReadyAtMs),
        })),
      },
      // The contract does not say in which order letters stand that died at the same instant.
      dead: inOrder(dead.map((letter) => this.#record(letter))),
    };
  }

  get #reader(): Broker {
    return this.#harness.reader ?? this.#harness.broker;
  }

  #delivery(delivery: Delivery): Delivery {
    const { enqueuedAtMs, expiresAtMs } = delivery;
    return {
      ...delivery,
      enqueuedAtMs: enqueuedAtMs - this.#startMs,
      expiresAtMs: expiresAtMs && expiresAtMs - this.#startMs,
      token: "",
    };
  }

  #record(record: MessageRecord): MessageRecord {
    const { enqueuedAtMs, dueAtMs, finishedAtMs } = record;
    return {
      ...record,
      enqueuedAtMs: enqueuedAtMs - this.#startMs,
      // Once a message is final this means nothing.
      dueAtMs: finishedAtMs === 0 ? dueAtMs - this.#startMs : 0,
      finishedAtMs: finishedAtMs && finishedAtMs - this.#startMs,
    };
  }

  #since(instantMs: number | undefined): number | undefined {
    return instantMs === undefined ? undefined : instantMs - this.#startMs;
  }
}

/** Turns all pages of dead letters; each page must tell how many there are in all. */
async function allDead(broker: Broker): Promise<MessageRecord[]> {
  const letters: MessageRecord[] = [];
  let after: string | undefined;
  let total: number;
  do {
    const page = await broker.dead({ limit: 8, after });
    letters.push(...page.letters);
    ({ next: after, total } = page);
  } while (after !== undefined && letters.length <= total);
  assertEquals(letters.length, total, "letters on all pages");
  return letters;
}

function inOrder(letters: MessageRecord[]): MessageRecord[] {
  const falling = letters.every((letter, index) =>
    index === 0 || letters[index - 1]!.finishedAtMs >= letter.finishedAtMs
  );
  if (!falling) return letters;
  return letters.sort((a, b) => b.finishedAtMs - a.finishedAtMs || (a.id < b.id ? -1 : 1));
}
