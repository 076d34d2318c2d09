/** Draws commands that hit each other: few ids, few queues, much sent twice, late, or never heard of. */

import type { Delivery, ExchangeReply, Priority } from "../../../src/broker/broker.ts";
import type { Command, PlannedSettlement } from "./commands.ts";
import type { Random } from "./random.ts";

const QUEUES = ["a", "a:h"];
/** Few lines with many messages each: the order within a line is what goes wrong. */
const LANES: readonly Priority[] = ["normal", "high", "normal", "low"];
const KEYS = ["k1", "k2", "k3"];
const TTLS = [60_000, 3_000_000];
const NONCES = ["-", "n1", "n2"];
const WORKERS = ["w1", "w2", "w3"];
/** How many of the latest deliveries and commands are drawn from again. */
const MEMORY = 40;

/** What can be done, with how often it is. */
const KINDS = {
  ...{ "push": 8, "push bulk": 6, "push delayed": 4, "push once": 5 },
  ...{ "claim": 12, "sweep": 2, "exchange": 24, "trim": 3 },
  ...{ "succeed": 4, "expire": 2, "bury": 4, "retry": 4, "defer": 3 },
  ...{ "extend": 3, "progress": 3, "begin": 4 },
  ...{ "cancel": 5, "discard": 4, "redrive": 5, "crash": 3, "tick": 14 },
  ...{ "lost": 5, "doubled": 5, "late": 8, "overtaken": 5 },
} as const;

/** Names a kind of step; the last four are what a network makes of another one. */
export type Kind = keyof typeof KINDS;

/** Every kind, with its weight. */
export const WEIGHTS: Readonly<Record<Kind, number>> = KINDS;

const NETWORK: readonly Kind[] = ["lost", "doubled", "late", "overtaken"];
/** What may get lost, come twice or late: all that is sent. */
const SENT = Object.fromEntries(
  Object.entries(KINDS).filter(([kind]) =>
    !NETWORK.includes(kind as Kind) && kind !== "tick" && kind !== "crash"
  ),
) as Record<Kind, number>;

const OUTCOMES = { succeeded: 3, expired: 1, dead: 3, retry: 3, defer: 2 } as const;
type Outcome = keyof typeof OUTCOMES;
const OUTCOME_OF: Partial<Record<Kind, Outcome>> = {
  ...{ succeed: "succeeded", expire: "expired", bury: "dead", retry: "retry", defer: "defer" },
};

/** Is one command on its way, and whether its reply gets back. */
export interface Action {
  readonly command: Command;
  readonly heard: boolean;
}

/** Is what happens next: none, one or more commands. */
export interface Step {
  readonly kind: Kind;
  readonly actions: readonly Action[];
  /** How many deliveries went with a worker that vanished. */
  readonly forgotten: number;
}

interface Held {
  readonly delivery: Delivery;
  readonly worker: string;
}

/** Draws steps; it is told the replies that get back, so that it can settle what was handed over. */
export class Generator {
  readonly #random: Random;
  readonly #seqs = new Map<string, number>();
  readonly #generations = new Map<string, number>();
  #deliveries: Held[] = [];
  readonly #sent: Command[] = [];
  readonly #overtaken: Command[] = [];
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

  /** Draws the next step, of a kind if one is given; `nowMs` goes by the run's own count. */
  next(nowMs: number, kind: Kind = this.#random.weighted(KINDS)): Step {
    const forgotten = kind === "crash" ? this.#crash() : 0;
    return { kind, actions: this.#actions(kind, nowMs), forgotten };
  }

  /** Hears what a command came to. */
  hear(command: Command, reply: unknown): void {
    if (command.kind !== "exchange") return;
    const { worker } = command.request;
    for (const delivery of (reply as ExchangeReply).claimed) {
      remember(this.#deliveries, { delivery, worker });
    }
  }

  #actions(kind: Kind, nowMs: number): Action[] {
    const random = this.#random;
    switch (kind) {
      case "crash":
        return [];
      case "tick":
        return [{ command: { kind: "advance", ms: this.#time() }, heard: true }];
      case "lost": {
        // Sent, done, nothing heard of it; and sent again when its caller is tired of waiting.
        const command = this.#send(random.weighted(SENT), nowMs);
        const pause: Command = { kind: "advance", ms: random.between(1, 20_000) };
        return [
          { command, heard: false },
          ...(random.chance(60) ? [{ command: pause, heard: true }] : []),
          { command, heard: true },
        ];
      }
      case "doubled": {
        const command = this.#send(random.weighted(SENT), nowMs);
        return [{ command, heard: true }, { command, heard: false }];
      }
      case "late": {
        if (this.#sent.length === 0) return this.#actions("push", nowMs);
        return [{ command: random.pick(this.#sent), heard: random.chance(30) }];
      }
      case "overtaken": {
        // Held up on its way, to get there behind what was sent after it.
        if (this.#overtaken.length > 0 && random.chance(60)) {
          const [command] = this.#overtaken.splice(random.below(this.#overtaken.length), 1);
          return [{ command: command!, heard: false }];
        }
        remember(this.#overtaken, this.#send(random.weighted(SENT), nowMs));
        return [];
      }
      default:
        return [{ command: this.#send(kind, nowMs), heard: true }];
    }
  }

  #send(kind: Kind, nowMs: number): Command {
    const command = this.#command(kind, nowMs);
    remember(this.#sent, command);
    return command;
  }

  #command(kind: Kind, nowMs: number): Command {
    const random = this.#random;
    switch (kind) {
      case "push":
      case "push bulk":
      case "push delayed":
      case "push once":
        return this.#push(kind, nowMs);
      case "cancel":
      case "discard":
        return {
          kind,
          targets: this.#targets(),
          op: { id: this.#op(), retainMs: random.pick([0, 900_000]) },
        };
      case "redrive":
        return { kind, targets: this.#targets(), op: this.#op() };
      default:
        return this.#exchange(kind);
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

  #push(kind: Kind, nowMs: number): Command {
    const random = this.#random;
    const bulk = kind === "push bulk";
    const delayed = (percent: number) => kind === "push delayed" || bulk && random.chance(percent);
    const messages = Array.from({ length: bulk ? random.between(2, 6) : 1 }, () => ({
      ...this.#ref(random.pick(this.ids)),
      nonce: random.pick(NONCES),
      delayMs: delayed(40) ? random.between(1, 2_000) : 0,
      ...(delayed(15) && random.chance(40) ? { dueAt: nowMs + random.between(-500, 3_000) } : {}),
      expiresInMs: random.chance(25) ? random.between(1, 30_000) : 0,
      ...(kind === "push once" || bulk && random.chance(40)
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

  /** Draws an exchange that does one thing, or any of all. */
  #exchange(kind: Kind): Command {
    const random = this.#random;
    const all = kind === "exchange";
    const worker = random.pick(WORKERS);
    const channel = `${worker}.${this.#generations.get(worker) ?? 0}`;
    const claims = kind === "claim" || kind === "sweep" || all && random.chance(75);
    const seq = this.#seq(channel);
    const settles = all || OUTCOME_OF[kind] !== undefined;
    const extends_ = all || kind === "extend" || kind === "progress" || kind === "begin";
    return {
      kind: "exchange",
      request: {
        ...{ channel, seq, worker },
        leaseMs: random.between(1_000, 30_000),
        settle: settles ? this.#some(5).map((one) => this.#settlement(one, OUTCOME_OF[kind])) : [],
        extend: extends_
          ? onePerId(this.#some(3)).map((delivery) => ({
            ...this.#held(delivery),
            ...(kind === "progress" || all && random.chance(50)
              ? { progress: `progress ${random.below(100)}` }
              : {}),
            ...(kind === "begin" || all && random.chance(40) ? { begins: true } : {}),
          }))
          : [],
        // By its number: what is asked again, or late, says the same, and has the word that it had. Draws
        // nothing.
        ...(claims
          ? {
            claim: {
              ...{ queues: this.queues(), max: random.between(1, 6) },
              ...(seq % 3 === 0 ? { begins: seq % 2 } : {}),
            },
          }
          : {}),
        ...(seq % 2 === 0 ? { sleeper: `${worker}.${seq}` } : {}),
        trim: kind === "trim" || all && random.chance(30) ? 1_000 : 0,
        sweep: kind === "sweep" || all && random.chance(10),
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

  /** Has a worker vanish with all that it holds; another one of its name begins with a new channel. */
  #crash(): number {
    const worker = this.#random.pick(WORKERS);
    this.#generations.set(worker, (this.#generations.get(worker) ?? 0) + 1);
    const before = this.#deliveries.length;
    this.#deliveries = this.#deliveries.filter((one) => one.worker !== worker);
    return before - this.#deliveries.length;
  }

  /** Draws deliveries, mostly of the latest. */
  #some(atMost: number): Delivery[] {
    const latest = this.#random.chance(70) ? this.#deliveries.slice(-8) : this.#deliveries;
    return this.#random.some(latest, atMost).map(({ delivery }) => delivery);
  }

  #held({ id, queue, priority, claim }: Delivery) {
    return { id, queue, priority, claim: this.#random.chance(3) ? "forged.1" : claim };
  }

  #settlement(
    delivery: Delivery,
    outcome: Outcome = this.#random.weighted(OUTCOMES),
  ): PlannedSettlement {
    const random = this.#random;
    const held = this.#held(delivery);
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
