/** Short words for the tests of the contract: a harness, and requests with defaults. */

import { assert, assertEquals } from "@std/assert";
import type {
  Broker,
  Delivery,
  ExchangeReply,
  ExchangeRequest,
  Extension,
  MessageRecord,
  PushMessage,
  PushReply,
  Settlement,
} from "../../../src/broker/broker.ts";
import type { ContractHarness } from "./harness.ts";
import { message, newChannel } from "./messages.ts";

/** Names each test of one subject: the symbol, then its behaviour. */
export type Cases = Readonly<Record<string, (stage: Stage) => Promise<void>>>;

/** How long claimed messages are held, where a test says nothing else. */
export const LEASE_MS = 30_000;

/** The least time for which an outcome stays readable. */
export const MIN_RETAIN_MS = 600_000;

/** Says what to claim and as whom; everything has a default. */
export interface ClaimFields {
  readonly queues?: readonly string[];
  readonly max?: number;
  readonly worker?: string;
  readonly leaseMs?: number;
  readonly channel?: string;
  readonly seq?: number;
}

/** Is the place where one test plays. */
export class Stage {
  readonly #harness: ContractHarness;

  constructor(harness: ContractHarness) {
    this.#harness = harness;
  }

  get broker(): Broker {
    return this.#harness.broker;
  }

  get nowMs(): number {
    return this.#harness.clock.now();
  }

  /** Opens a second broker on the same store; undefined where there can be none. */
  async reopen(): Promise<Broker | undefined> {
    return await this.#harness.reopen?.();
  }

  advance(ms: number): void {
    this.#harness.clock.advance(ms);
  }

  /** Pushes messages of which only what matters is given; ids alone will do. */
  push(...messages: (string | Partial<PushMessage>)[]): Promise<PushReply[]> {
    return this.broker.push(messages.map(message));
  }

  /** Sends a request of which only what matters is given, each on a channel of its own. */
  exchange(fields: Partial<ExchangeRequest> = {}): Promise<ExchangeReply> {
    return this.broker.exchange({
      channel: newChannel(),
      seq: 1,
      worker: "w",
      leaseMs: LEASE_MS,
      settle: [],
      extend: [],
      trim: 0,
      sweep: false,
      ...fields,
    });
  }

  async claim({ queues = ["q"], max = 100, ...fields }: ClaimFields = {}): Promise<Delivery[]> {
    const reply = await this.exchange({ ...fields, claim: { queues, max } });
    return [...reply.claimed];
  }

  /** Claims what should be exactly one message. */
  async claimOne(fields: ClaimFields = {}): Promise<Delivery> {
    const deliveries = await this.claim({ max: 1, ...fields });
    assertEquals(deliveries.length, 1, "one message should have been there to claim");
    return deliveries[0]!;
  }

  async pushAndClaim(fields: string | Partial<PushMessage> = "m"): Promise<Delivery> {
    await this.push(fields);
    return await this.claimOne();
  }

  async settle(...settle: Settlement[]): Promise<readonly ("ok" | "lease_lost")[]> {
    return (await this.exchange({ settle })).settled;
  }

  async extend(
    ...extend: Extension[]
  ): Promise<readonly ("ok" | "lease_lost")[]> {
    return (await this.exchange({ extend })).extended;
  }

  async find(id = "m"): Promise<MessageRecord | undefined> {
    return (await this.broker.read([id]))[0];
  }

  async record(id = "m"): Promise<MessageRecord> {
    const record = await this.find(id);
    assert(record, `message "${id}" should be known`);
    return record;
  }

  async states(...ids: string[]): Promise<(string | undefined)[]> {
    return (await this.broker.read(ids)).map((record) => record?.state);
  }

  /** Fails if an act changes anything that can be seen of a message or of the counts. */
  async unchanged<T>(id: string, act: () => Promise<T>): Promise<T> {
    const before = await this.#look(id);
    const result = await act();
    assertEquals(await this.#look(id), before);
    return result;
  }

  async #look(id: string): Promise<unknown> {
    const record = await this.find(id);
    // What is final is due at no time: whatever stands there means nothing.
    const dueAtMs = record?.finishedAtMs === 0 ? record.dueAtMs : 0;
    return { record: record && { ...record, dueAtMs }, stats: await this.broker.stats() };
  }
}
