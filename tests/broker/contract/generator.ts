/** Draws commands that hit each other: few ids, few queues, much sent twice or late. */

import type { Delivery, ExchangeReply, Priority } from "../../../src/broker/broker.ts";
import type { Command, PlannedSettlement } from "./commands.ts";
import type { Random } from "./random.ts";

const QUEUES = ["a", "a:h"];
/** Few lines with many messages each: the order within a line is what goes wrong. */
const LANES: readonly Priority[] = ["normal", "high", "normal", "low"];
const CHANNELS = ["c1", "c2", "c3"];
const KEYS = ["k1", "k2", "k3"];
const TTLS = [60_000, 3_000_000];
const NONCES = ["-", "n1", "n2"];
const WORKERS = ["w1", "w2", "w3"];
/** How many of the latest deliveries and commands are drawn from again. */
const MEMORY = 40;

const COMMANDS = {
  push: 22,
  exchange: 44,
  again: 14,
  cancel: 5,
  discard: 4,
  redrive: 5,
  advance: 14,
} as const;
const OUTCOMES = { succeeded: 3, expired: 1, dead: 3, retry: 3, defer: 2 } as const;

/** Draws commands; it is told each reply, so that it can settle what was handed over. */
export class Generator {
  readonly #random: Random;
  readonly #seqs = new Map<string, number>();
  readonly #deliveries: Delivery[] = [];
  readonly #sent: Command[] = [];
  #ops = 0;

  /** The ids that may be in the store; all of them together are few. */
  readonly ids: readonly string[] = Array.from({ length: 24 }, (_, index) => `m${index}`);

  constructor(random: Random) {
    this.#random = random;
  }

  /** Draws some queues, one at least. */
  queues(): string[] {
    return [this.#random.pick(QUEUES), ...this.#random.some(QUEUES, 2)];
  }

  /** Draws the next command; `nowMs` goes by the run's own count. */
  next(nowMs: number): Command {
    const command = this.#draw(nowMs);
    if (command.kind !== "advance") remember(this.#sent, command);
    return command;
  }

  /** Hears what a command came to. */
  hear(command: Command, reply: unknown): void {
    if (command.kind !== "exchange") return;
    for (const one of (reply as ExchangeReply).claimed) remember(this.#deliveries, one);
  }

  #draw(nowMs: number): Command {
    const random = this.#random;
    const kind = random.weighted(COMMANDS);
    switch (kind) {
      case "push":
        return this.#push(nowMs);
      case "exchange":
        return this.#exchange();
      case "again":
        return this.#sent.length > 0 ? random.pick(this.#sent) : this.#push(nowMs);
      case "cancel":
      case "discard":
        return {
          kind,
          targets: this.#targets(),
          op: { id: this.#op(), retainMs: random.pick([0, 900_000]) },
        };
      case "redrive":
        return { kind, targets: this.#targets(), op: this.#op() };
      case "advance":
        return { kind, ms: this.#time() };
    }
  }

  /** Some steps are short, some about a lease, some past the retention, few past an hour. */
  #time(): number {
    const scale = this.#random.weighted({ short: 10, lease: 8, retention: 3, slot: 2 });
    const most = { short: 50, lease: 40_000, retention: 900_000, slot: 4_500_000 }[scale];
    return this.#random.between(1, most);
  }

  #op(): string {
    return `op${++this.#ops}`;
  }

  #push(nowMs: number): Command {
    const random = this.#random;
    const messages = Array.from({ length: random.between(1, 5) }, () => ({
      ...this.#ref(random.pick(this.ids)),
      nonce: random.pick(NONCES),
      delayMs: random.chance(40) ? random.between(1, 2_000) : 0,
      ...(random.chance(15) ? { dueAt: nowMs + random.between(-500, 3_000) } : {}),
      expiresInMs: random.chance(25) ? random.between(1, 30_000) : 0,
      ...(random.chance(40)
        ? { dedupe: { key: random.pick(KEYS), ttlMs: random.between(1, random.pick(TTLS)) } }
        : {}),
      body: `body ${random.below(1_000)}`,
    }));
    return { kind: "push", messages };
  }

  /** Where a message waits goes by its id: whoever names a message knows its line. */
  #ref(id: string) {
    const index = this.ids.indexOf(id);
    return {
      id,
      queue: QUEUES[index % QUEUES.length]!,
      priority: LANES[Math.floor(index / QUEUES.length) % LANES.length]!,
    };
  }

  #targets() {
    const random = this.#random;
    return random.some(this.ids, 6).map((id) => ({
      ...this.#ref(id),
      result: `result ${random.below(100)}`,
    }));
  }

  #exchange(): Command {
    const random = this.#random;
    const channel = random.pick(CHANNELS);
    const claim = random.chance(75)
      ? { claim: { queues: this.queues(), max: random.between(1, 6) } }
      : {};
    return {
      kind: "exchange",
      request: {
        channel,
        seq: this.#seq(channel),
        worker: random.pick(WORKERS),
        leaseMs: random.between(1_000, 30_000),
        settle: this.#some(5).map((delivery) => this.#settlement(delivery)),
        extend: onePerId(this.#some(3)).map((delivery) => ({
          ...this.#held(delivery),
          ...(random.chance(50) ? { progress: `progress ${random.below(100)}` } : {}),
          ...(random.chance(40) ? { begins: true } : {}),
        })),
        ...claim,
        trim: random.chance(30) ? 1_000 : 0,
        sweep: random.chance(10),
      },
    };
  }

  /** Mostly the channel's next number, else the last one again, an older one, or one left out. */
  #seq(channel: string): number {
    const last = this.#seqs.get(channel) ?? 0;
    const step = this.#random.weighted({ next: 76, same: 12, older: 6, skip: 6 });
    const seq = { next: last + 1, same: last, older: last - 2, skip: last + 3 }[step];
    this.#seqs.set(channel, Math.max(last, seq, 1));
    return Math.max(seq, 1);
  }

  /** Draws deliveries, mostly of the latest. */
  #some(atMost: number): Delivery[] {
    const latest = this.#random.chance(70) ? this.#deliveries.slice(-8) : this.#deliveries;
    return this.#random.some(latest, atMost);
  }

  #held({ id, queue, priority, claim }: Delivery) {
    return { id, queue, priority, claim: this.#random.chance(3) ? "forged.1" : claim };
  }

  #settlement(delivery: Delivery): PlannedSettlement {
    const random = this.#random;
    const held = this.#held(delivery);
    const outcome = random.weighted(OUTCOMES);
    const journal = `journal ${random.below(100)}`;
    const delayMs = random.chance(40) ? 0 : random.between(1, 5_000);
    switch (outcome) {
      case "succeeded":
      case "expired":
        return {
          ...held,
          outcome,
          retainMs: random.pick([0, 1_000_000]),
          result: `result ${random.below(100)}`,
        };
      case "dead":
        return { ...held, outcome, journal, failed: random.chance(70) };
      case "retry":
        return { ...held, outcome, delayMs, journal };
      case "defer":
        return { ...held, outcome, delayMs };
    }
  }
}

function remember<T>(memory: T[], entry: T): void {
  memory.push(entry);
  if (memory.length > MEMORY) memory.shift();
}

/** The contract does not say what a message renewed twice in one request keeps as progress. */
function onePerId(deliveries: readonly Delivery[]): Delivery[] {
  return [...new Map(deliveries.map((one) => [one.id, one])).values()];
}
