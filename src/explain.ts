/** Explains what a setup costs, from counts that tests compare with what a store has counted. */

import type { Broker } from "./broker/broker.ts";
import type { BrokerCosts } from "./broker/costs.ts";
import type { Known } from "./known_options.ts";
import { IDLE_TICKS_A_SWEEP, idleLooks } from "./worker/lookout.ts";
import type { WorkerSettings } from "./worker/options.ts";
import { TRIM_AFTER } from "./worker/settler.ts";

/** Says what is to be explained. */
export interface ExplainOptions {
  /**
   * What a million commands cost, in dollars.
   * @default 2, as Upstash charges where one pays as one goes
   */
  readonly pricePerMillion?: number;
  /** How many messages a month are reckoned with. @default 1_000_000 */
  readonly messages?: number;
}

/** The names of what can be said. */
export const EXPLAIN_OPTIONS: Known<ExplainOptions> = { pricePerMillion: true, messages: true };

/** Is an amount for a message at its dearest, and at its cheapest. */
export interface Span {
  /** One message at a time: nothing shares a request. */
  readonly alone: number;
  /** A hundred to a request, as a busy worker has them. */
  readonly batched: number;
}

/** Tells what a setup costs. */
export interface Explanation {
  /** The kind of store. */
  readonly store: string;
  /** Whether the store is paid for by the command; else commands are counted as if it were. */
  readonly billed: boolean;
  /** Commands of a message: enqueued, run once, settled, and its result read. */
  readonly commandsPerMessage: Span;
  /** Commands that an idle setup makes in 30 days. */
  readonly idleCommandsPerMonth: {
    /** One long-running worker. */
    readonly worker: number;
    /** A drain each minute. */
    readonly cron: number;
  };
  /** Dollars for a million messages. */
  readonly pricePerMillionMessages: Span;
  /** Dollars in 30 days for `messages` messages and one worker, the cheapest and the dearest. */
  readonly pricePerMonth: Span;
  /** How often a message may start more often than its handler fails. */
  readonly duplicates: {
    /**
     * Messages that a worker which vanishes leaves half done, at most: they start again, as do those
     * that have ended and whose outcomes the store has not got yet.
     */
    readonly perCrash: number;
    /** Starts that end with their worker before a message is a dead letter, unless it says otherwise. */
    readonly perMessage: number;
  };
  /** What calls keep others from while they run. */
  readonly locks: string;
  /** The same in a few lines for people. */
  toString(): string;
}

const MONTH_HOURS = 30 * 24;
const BATCH = 100;

/** Explains a worker's setup on a broker. */
export function explain(
  broker: Broker,
  worker: Pick<WorkerSettings, "queues" | "polling" | "concurrency" | "wake" | "budget">,
  { maxCrashes, ...options }: ExplainOptions & { readonly maxCrashes: number },
): Explanation {
  const { pricePerMillion = 2, messages = 1_000_000 } = options;
  checkAmount("pricePerMillion", pricePerMillion);
  checkAmount("messages", messages);
  const costs = broker.costs?.();
  const called = worker.wake && broker.wake !== undefined;
  const perMessage = costs ? messageCommands(costs, called) : { alone: 0, batched: 0 };
  const idle = costs ? idleCommands(costs, worker, called) : { worker: 0, cron: 0 };
  const price = (commands: number) => commands * pricePerMillion / 1_000_000;
  const month = (commands: number) => cents(price(idle.worker + messages * commands));
  const explanation = {
    store: broker.kind,
    billed: costs !== undefined && broker.lingerMs > 0,
    commandsPerMessage: perMessage,
    idleCommandsPerMonth: idle,
    pricePerMillionMessages: each(perMessage, (commands) => cents(price(1_000_000 * commands))),
    pricePerMonth: each(perMessage, month),
    duplicates: { perCrash: worker.concurrency, perMessage: maxCrashes },
    locks: costs?.locks ?? "each call holds the one lock of the store's file while it writes",
  };
  const words = costs === undefined ? tellFree : tell;
  return { ...explanation, toString: () => words(explanation, { messages, pricePerMillion }) };
}

function messageCommands(costs: BrokerCosts, called: boolean): Span {
  // At its dearest: what finds no worker asleep calls nobody.
  const push = costs.push + (called ? costs.call : 0);
  const tidy = costs.tidy / TRIM_AFTER;
  return {
    alone: push + costs.claim + costs.settle + costs.outcome + tidy,
    batched: (push + costs.settleAndClaim + costs.outcome) / BATCH + tidy,
  };
}

function idleCommands(
  costs: BrokerCosts,
  { polling, queues, budget }: Pick<WorkerSettings, "polling" | "queues" | "budget">,
  called: boolean,
): Explanation["idleCommandsPerMonth"] {
  const { probes, sweeps } = idleLooks(polling, called);
  const sweep = costs.sweep(queues.length);
  const month = MONTH_HOURS * (probes * costs.probe + sweeps * sweep);
  // A tick that checks the index does not probe; each one is a channel of its own.
  const tick = costs.probe + (sweep + 1 - costs.probe) / IDLE_TICKS_A_SWEEP;
  return {
    worker: Math.round(Math.min(month, budget?.commandsPerMonth ?? Infinity)),
    cron: Math.round(MONTH_HOURS * 60 * tick),
  };
}

interface Reckoned {
  readonly messages: number;
  readonly pricePerMillion: number;
}

function tellFree({ store, duplicates, locks }: Omit<Explanation, "toString">): string {
  return [`Store: ${store}, without a price for commands`, ...tellRisks(duplicates, locks)].join(
    "\n",
  );
}

function tellRisks(
  { perCrash, perMessage }: Explanation["duplicates"],
  locks: string,
): readonly string[] {
  return [
    `Duplicates: when a worker vanishes, at most ${perCrash} messages that were running start again, ` +
    `and those whose outcomes were still on their way; after ${perMessage} vanished workers a ` +
    "message is a dead letter",
    `Locks: ${locks}`,
  ];
}

function tell(
  explained: Omit<Explanation, "toString">,
  { messages, pricePerMillion }: Reckoned,
): string {
  const { commandsPerMessage, idleCommandsPerMonth, pricePerMillionMessages } = explained;
  const { pricePerMonth, duplicates, locks } = explained;
  const amount = (count: number) => count.toLocaleString("en-US", { maximumFractionDigits: 2 });
  const money = ({ alone, batched }: Span) => `$${amount(batched)} to $${amount(alone)}`;
  return [
    `Store: ${explained.store}, ${
      explained.billed ? "paid for by the command" : "not paid for by the command; were it, then:"
    }`,
    `A message: ${amount(commandsPerMessage.alone)} commands alone, ` +
    `${amount(commandsPerMessage.batched)} in batches of ${BATCH}`,
    `Idle, 30 days: ${amount(idleCommandsPerMonth.worker)} commands by a worker, ` +
    `${amount(idleCommandsPerMonth.cron)} by a drain each minute`,
    `A million messages, at $${pricePerMillion} a million commands: ` +
    money(pricePerMillionMessages),
    `A month with ${amount(messages)} messages and one worker: ${money(pricePerMonth)}`,
    ...tellRisks(duplicates, locks),
  ].join("\n");
}

function each(span: Span, change: (value: number) => number): Span {
  return { alone: change(span.alone), batched: change(span.batched) };
}

function cents(dollars: number): number {
  return Math.round(dollars * 100) / 100;
}

function checkAmount(name: string, value: number): void {
  if (Number.isFinite(value) && value >= 0) return;
  throw new RangeError(`Cannot explain with ${name} ${value}: give a number from 0`);
}
