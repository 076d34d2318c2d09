/** A broker between a test and the real one: it counts calls, and breaks them as it is told. */

import type { Broker } from "../../src/broker/broker.ts";
import type { Watch } from "../../src/broker/wake.ts";
import { BrokerError } from "../../src/errors.ts";

/** Is a call that can be broken. */
export type Operation = Exclude<
  keyof Broker,
  | "kind"
  | "namespace"
  | "polling"
  | "lingerMs"
  | "overlaps"
  | "doctor"
  | "costs"
  | "uptimeMs"
  | "wake"
  | "close"
>;

/** Is one call, as the store got it. */
export type Call = {
  [O in Operation]: { readonly operation: O; readonly args: Parameters<Broker[O]> };
}[Operation];

/** Passes every call on, and has two switches for faults: before the store acts, and after. */
export class FaultyBroker implements Broker {
  readonly #broker: Broker;
  readonly kind: string;
  readonly polling: Broker["polling"];
  readonly lingerMs: number;
  /** Whether claims may overlap; as the store has it, unless a test says otherwise. */
  overlaps: boolean;
  /** How long its server says that it has been up; a test has it, or the store is of no server. */
  uptimeMs?: () => Promise<number | undefined>;
  /** The calls so far, those that failed included. */
  readonly calls: Call[] = [];
  /** What it throws keeps the call from the store. */
  before: (call: Call) => void | Promise<void> = () => {};
  /** What it throws loses the reply of a call that the store has done. */
  after: (call: Call, reply: unknown) => void | Promise<void> = () => {};
  /** Has the store do a call twice, as when a request is sent again on the way. */
  twice: (call: Call) => boolean = () => false;
  /** What calls cost, where a test says that they do. */
  costs?: Broker["costs"];
  /** Stands around a whole call, as a caller's deadline does. */
  around: <T>(run: () => Promise<T>) => Promise<T> = (run) => run();

  /** Stands between the store's calls and the worker. */
  watching: (watch: Watch) => Watch = (watch) => watch;
  readonly wake?: (watch: Watch) => Promise<void>;

  constructor(broker: Broker, polling: Broker["polling"] = broker.polling) {
    this.#broker = broker;
    this.kind = broker.kind;
    this.polling = polling;
    this.lingerMs = broker.lingerMs;
    this.overlaps = broker.overlaps ?? false;
    if (broker.wake) this.wake = (watch) => broker.wake!(this.watching(watch));
  }

  /** How often an operation was called. */
  count(operation: Operation): number {
    return this.calls.filter((call) => call.operation === operation).length;
  }

  push: Broker["push"] = (...args) => this.#call("push", args);
  exchange: Broker["exchange"] = (...args) => this.#call("exchange", args);
  probe: Broker["probe"] = (...args) => this.#call("probe", args);
  read: Broker["read"] = (...args) => this.#call("read", args);
  cancel: Broker["cancel"] = (...args) => this.#call("cancel", args);
  dead: Broker["dead"] = (...args) => this.#call("dead", args);
  redrive: Broker["redrive"] = (...args) => this.#call("redrive", args);
  discard: Broker["discard"] = (...args) => this.#call("discard", args);
  stats: Broker["stats"] = (...args) => this.#call("stats", args);
  check: Broker["check"] = (...args) => this.#call("check", args);

  close(): Promise<void> {
    return this.#broker.close();
  }

  #call<O extends Operation>(
    operation: O,
    args: Parameters<Broker[O]>,
  ): Promise<Awaited<ReturnType<Broker[O]>>> {
    this.calls.push({ operation, args } as Call);
    return this.around(() => this.#pass(operation, args));
  }

  async #pass<O extends Operation>(
    operation: O,
    args: Parameters<Broker[O]>,
  ): Promise<Awaited<ReturnType<Broker[O]>>> {
    const call = { operation, args } as Call;
    await this.before(call);
    const run = this.#broker[operation] as (...args: unknown[]) => ReturnType<Broker[O]>;
    if (this.twice(call)) await run.apply(this.#broker, args);
    const reply = await run.apply(this.#broker, args);
    await this.after(call, reply);
    return reply;
  }
}

/** Makes the failure of a store that is away for a while. */
export function away(operation: string): BrokerError {
  return new BrokerError(operation, "the store is away; try again", { retryable: true });
}

/** Makes the failure of a store that will never let us in. */
export function refused(operation: string): BrokerError {
  return new BrokerError(operation, "the token is wrong", { retryable: false });
}

/** Makes a switch that breaks the first `times` calls of some operations. */
export function breaking(
  times: number,
  { only, error = away }: {
    readonly only: (call: Call) => boolean;
    readonly error?: (operation: string) => Error;
  },
): (call: Call) => void {
  let left = times;
  return (call) => {
    if (left === 0 || !only(call)) return;
    left--;
    throw error(call.operation);
  };
}

/** Is one exchange. */
export type Exchange = Extract<Call, { readonly operation: "exchange" }>;

/** Says whether a call claims, settles, renews. */
export const claims = (call: Call): call is Exchange =>
  call.operation === "exchange" && call.args[0].claim !== undefined;
export const settles = (call: Call): call is Exchange =>
  call.operation === "exchange" && call.args[0].settle.length > 0;
export const renews = (call: Call): call is Exchange =>
  call.operation === "exchange" && call.args[0].extend.length > 0;
