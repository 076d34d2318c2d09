/** Lifecycle events: what happens to messages and workers, for logs and telemetry. */

import type { DeadStock } from "./broker/dead_bounds.ts";
import type { Finding } from "./broker/findings.ts";
import type { ErrorRecord } from "./message/journal.ts";

/** Tells which message an event is about. */
export interface MessageEvent {
  /** The message's id. */
  readonly id: string;
  /** The task's name. */
  readonly task: string;
  /** The queue. */
  readonly queue: string;
}

/** Tells which delivery an event is about. */
export interface DeliveryEvent extends MessageEvent {
  /** The attempt's number, from 1. */
  readonly attempt: number;
  /** The delivery's fence. */
  readonly fence: number;
  /** The worker's name. */
  readonly worker: string;
}

/** Lists the events by name, with what a listener is told. Payloads are never part of it. */
export interface DabbaEvents {
  /** The store has a message; `duplicate` when another one had its id or its key. */
  enqueued: MessageEvent & { readonly disposition: "enqueued" | "duplicate" };
  /** A handler is about to run. */
  started: DeliveryEvent & { readonly waitedMs: number };
  /** The store has taken a success. */
  succeeded: DeliveryEvent & { readonly durationMs: number };
  /** An attempt failed, and the store has the next one. */
  retried: DeliveryEvent & {
    readonly durationMs: number;
    readonly delayMs: number;
    readonly error: ErrorRecord;
  };
  /** A message was put off by its handler, and the store has it again. No attempt was spent. */
  deferred: DeliveryEvent & { readonly delayMs: number };
  /** A message was handed back unfinished, since its worker stops. No attempt was spent. */
  released: DeliveryEvent;
  /** A message went to the dead letters. */
  dead: DeliveryEvent & { readonly error: ErrorRecord };
  /** Dead letters beyond the store's bounds were dropped, the oldest: they are gone for good. */
  deadDropped: { readonly worker: string; readonly ids: readonly string[] };
  /** The dead letters have come to 80 % of a bound of the store; redrive or discard some. */
  deadNearlyFull: { readonly worker: string } & DeadStock;
  /** A message was not started in time. */
  expired: DeliveryEvent;
  /** A delivery was given to somebody else, or cancelled: its outcome was not taken. */
  leaseLost: DeliveryEvent;
  /** A message names a task that this worker does not know; it stays in its queue. */
  unknownTask: DeliveryEvent & { readonly delayMs: number };
  /** A message declares a longer time than this drain has left; it stays in its queue. */
  skipped: DeliveryEvent & { readonly timeoutMs: number };
  /** A worker cannot reach its store; at most one in ten seconds. */
  outage: { readonly worker: string; readonly error: Error; readonly failures: number };
  /** A store gave a reason that Dabba does not know; at most one in ten seconds. Look into it. */
  alarm: { readonly worker: string; readonly error: Error };
  /** After a restart of its store, a worker has looked through it and found what it left half done. */
  repaired: {
    readonly worker: string;
    readonly checked: number;
    readonly findings: readonly Pick<Finding, "id" | "problem">[];
  };
  /** A worker is called from now on when there is work, and seldom asks for it. */
  listening: { readonly worker: string };
  /** A worker cannot be called: it asks for work instead, until it is listening again. */
  deaf: { readonly worker: string; readonly error: Error };
  /** A worker's work costs more than its `budget` allows; at most once an hour. */
  overBudget: { readonly worker: string; readonly commandsPerMonth: number };
  /** A worker reaches its store again. */
  recovered: { readonly worker: string; readonly failures: number };
}

/** Takes one kind of event. */
export type Listener<K extends keyof DabbaEvents> = (event: DabbaEvents[K]) => void;

/** Maps event names to listeners. */
export type Listeners = { readonly [K in keyof DabbaEvents]?: Listener<K> };

/** Hands events to listeners; one per `Dabba`. */
export class Events {
  readonly #listeners = new Map<keyof DabbaEvents, Set<(event: never) => void>>();

  /** Makes it with first listeners. */
  constructor(listeners: Listeners = {}) {
    for (const [name, listener] of Object.entries(listeners)) {
      if (listener) this.on(name as never, listener as never);
    }
  }

  /** Adds a listener; the function that comes back removes it. */
  on<K extends keyof DabbaEvents>(name: K, listener: Listener<K>): () => void {
    if (typeof listener !== "function") {
      throw new TypeError(`Cannot listen to "${name}": the listener must be a function`);
    }
    const set = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, set.add(listener));
    return () => void set.delete(listener);
  }

  /** Tells whether anybody listens, so that nothing is made for nobody. */
  has(name: keyof DabbaEvents): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  /** Hands an event to its listeners. */
  emit<K extends keyof DabbaEvents>(name: K, event: DabbaEvents[K]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        const late: unknown = (listener as Listener<K>)(event);
        // An asynchronous listener fits the type: unheard, its rejection would end the process.
        if (late instanceof Promise) late.catch((error) => complain(name, error));
      } catch (error) {
        complain(name, error);
      }
    }
  }
}

// A broken logger must not stop the work that it watches.
function complain(name: string, error: unknown): void {
  // deno-lint-ignore no-console
  console.error(`Dabba: a listener of "${name}" threw`, error);
}
