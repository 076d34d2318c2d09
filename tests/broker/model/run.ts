/** One run: the same steps on the oracle and on others, and all that can be seen is compared. */

import { assert, assertEquals } from "@std/assert";
import type { ExchangeReply } from "../../../src/broker/broker.ts";
import { type Command, Side, type Snapshot } from "../contract/commands.ts";
import { Generator, type Kind, type Step } from "../contract/generator.ts";
import type { ContractHarness } from "../contract/harness.ts";
import { playStep } from "../contract/play.ts";
import { Random } from "../contract/random.ts";
import { judge, type Tally } from "./outcomes.ts";

/** Plays steps on brokers that must not differ from the first one, the oracle. */
export class Run {
  readonly #harnesses: readonly ContractHarness[];
  readonly #sides: readonly Side[];
  readonly #tally: Tally;
  readonly #random = new Random(0);
  readonly #generator = new Generator(this.#random);
  readonly #newest = new Map<string, number>();
  #seen: Snapshot | undefined;
  #size = 0;

  /** Begins on empty stores. */
  constructor(harnesses: readonly ContractHarness[], tally: Tally) {
    this.#harnesses = harnesses;
    this.#sides = harnesses.map((harness) => new Side(harness));
    this.#tally = tally;
  }

  /** Plays one step and compares; gives what it was, for people to read. */
  async play(kind: Kind, seed: number): Promise<Step> {
    // From a seed of its own: taking one step out leaves what the others draw as it is.
    this.#random.reseed(seed);
    const { step, replies } = await playStep(this.#generator, this, kind);
    // Sent again at once, a request is answered as it was.
    const command = step.actions[0]?.command;
    if (kind === "doubled" && command !== undefined && !namesTwice(command)) {
      const [first, again] = this.#isLate(command) ? replies.map(withoutAlarm) : replies;
      assertEquals(again, first, "the answer to a replay");
    }
    const before = this.#seen;
    const seen = await this.#look();
    const { checked } = await this.#harnesses[0]!.broker.check({ repair: false });
    const changed = JSON.stringify(before?.records) !== JSON.stringify(seen.records);
    this.#tally.add(kind, judge({ step, replies, changed, trimmed: this.#size - checked }));
    this.#size = checked;
    this.#seen = seen;
    return step;
  }

  /** Looks for what should not be left. */
  async end(): Promise<void> {
    for (const harness of this.#harnesses) assertEquals(await harness.leftovers(), [], "left");
    this.#tally.runs++;
  }

  /** The oracle's time, by the run's own count. */
  get nowMs(): number {
    return this.#sides[0]!.nowMs;
  }

  /** Has all brokers do a command; fails when one answers otherwise. */
  async run(command: Command): Promise<unknown> {
    const [reply, ...others] = await Promise.all(this.#sides.map((side) => side.run(command)));
    for (const other of others) assertSame(exact(other), exact(reply), "replies");
    if (command.kind === "exchange") {
      const { channel, seq } = command.request;
      this.#newest.set(channel, Math.max(seq, this.#newest.get(channel) ?? seq));
      this.#note(reply as ExchangeReply);
    }
    return reply;
  }

  #isLate(command: Command): boolean {
    if (command.kind !== "exchange") return false;
    const { channel, seq } = command.request;
    return seq < (this.#newest.get(channel) ?? seq);
  }

  #note({ claimed, dropped, nearlyFull }: ExchangeReply): void {
    if (dropped.length > 0) this.#tally.note("a dead letter dropped");
    if (nearlyFull) this.#tally.note("dead letters nearly full");
    if (claimed.some(({ crashedWorker }) => crashedWorker !== "")) {
      this.#tally.note("a claim after a crash");
    }
    if (claimed.some(({ crashes }) => crashes >= 2)) this.#tally.note("a suspect");
  }

  async #look(): Promise<Snapshot> {
    const { ids } = this.#generator;
    const queues = this.#generator.queues();
    const all = await Promise.all(this.#sides.map(async (side) => {
      const [seen, bound] = await Promise.all([side.look(ids), side.probe(queues)]);
      return { seen, bound };
    }));
    const { seen } = all[0]!;
    for (const other of all) {
      assertSame(other.seen, seen, "what can be seen");
      assertBound(other.bound, queues, seen);
    }
    for (const record of seen.records) if (record !== undefined) this.#tally.note(record.state);
    return seen;
  }
}

/** Pushed twice in one request, an id that lost its key goes by its second entry when sent again. */
function namesTwice(command: Command): boolean {
  return command.kind === "push" &&
    new Set(command.messages.map(({ id }) => id)).size < command.messages.length;
}

/** The alarm is told once. Nobody awaits the reply to a late request, so what it told is not kept. */
function withoutAlarm(reply: unknown): unknown {
  return { ...(reply as ExchangeReply), nearlyFull: undefined };
}

/** The next due time is a bound, so two brokers may differ in it. */
function exact(reply: unknown): unknown {
  if (typeof reply !== "object" || reply === null || !("nextDueAtMs" in reply)) return reply;
  return { ...reply, nextDueAtMs: reply.nextDueAtMs !== undefined };
}

function assertSame(actual: unknown, expected: unknown, what: string): void {
  // Most of the time they are the same, text by text, and that is the quickest way to see it.
  if (JSON.stringify(actual) !== JSON.stringify(expected)) assertEquals(actual, expected, what);
}

/** Fails when a bound is later than the earliest message of the queues, or there where none is. */
function assertBound(
  bound: number | undefined,
  queues: readonly string[],
  seen: Snapshot,
): void {
  const waiting = seen.records.flatMap((record) =>
    record !== undefined && record.finishedAtMs === 0 && queues.includes(record.queue)
      ? [record.dueAtMs]
      : []
  );
  if (waiting.length === 0) return assertEquals(bound, undefined, "a probe of empty queues");
  const earliest = Math.min(...waiting);
  assert(bound !== undefined && bound <= earliest, `probe: ${bound} is later than ${earliest}`);
}
