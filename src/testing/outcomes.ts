/** Outcomes: counts what became of messages, and tells who waits for one. */

import type { TaskTree } from "../bound_tasks.ts";
import type { Dabba } from "../dabba.ts";
import { DabbaError } from "../errors.ts";
import type { DabbaEvents, DeliveryEvent } from "../events.ts";
import type { ErrorRecord } from "../message/journal.ts";
import type { Handlers } from "./handlers.ts";

/** Is one attempt that failed. */
export interface Failure {
  /** The message's id. */
  readonly id: string;
  /** The task's name. */
  readonly task: string;
  /** The attempt's number, from 1. */
  readonly attempt: number;
  /** What the handler threw, the very object; or why the attempt counts as failed. */
  readonly error: unknown;
}

type Count = "succeeded" | "retried" | "dead" | "deferred" | "handedBack" | "expired" | "lost";
type Counts = Record<Count, number>;

/** Is where the counts stood. */
export interface Mark {
  readonly counts: Counts;
  readonly failures: number;
}

type Ending = {
  readonly [K in keyof DabbaEvents]: DabbaEvents[K] extends DeliveryEvent ? K : never;
}[Exclude<keyof DabbaEvents, "started">];

const COUNTED: readonly (readonly [Ending, Count])[] = [
  ...[["succeeded", "succeeded"], ["retried", "retried"], ["dead", "dead"]] as const,
  ...[["expired", "expired"], ["deferred", "deferred"], ["released", "handedBack"]] as const,
  ...[["skipped", "handedBack"], ["unknownTask", "handedBack"], ["leaseLost", "lost"]] as const,
];

/** Hears what a Dabba's workers tell. */
export class Outcomes {
  readonly #counts: Counts = {
    ...{ succeeded: 0, retried: 0, dead: 0, deferred: 0, handedBack: 0, expired: 0, lost: 0 },
  };
  readonly #failures: Failure[] = [];
  readonly #handlers: Handlers;
  readonly #waiting = new Map<string, ((failure?: { readonly error: unknown }) => void)[]>();

  /** Makes it for handlers. */
  constructor(handlers: Handlers) {
    this.#handlers = handlers;
  }

  /** Listens to a Dabba; the function that comes back ends that. */
  hear(dabba: Pick<Dabba<TaskTree>, "on">): () => void {
    const offs = COUNTED.map(([name, count]) =>
      dabba.on(name, (event: DeliveryEvent & { readonly error?: ErrorRecord }) => {
        this.#counts[count]++;
        const failure = event.error && this.#fail(event, event.error);
        const told = name === "unknownTask" ? { error: noHandler(event.task) } : failure;
        const waiting = this.#waiting.get(event.id) ?? [];
        this.#waiting.delete(event.id);
        for (const settle of waiting) settle(told);
      })
    );
    return () => offs.forEach((off) => off());
  }

  /** Where the counts stand. */
  mark(): Mark {
    return { counts: { ...this.#counts }, failures: this.#failures.length };
  }

  /** What there was since. */
  since({ counts, failures }: Mark): Counts & { readonly failures: readonly Failure[] } {
    const entries = Object.entries(this.#counts).map(([name, count]) => [
      name,
      count - counts[name as Count],
    ]);
    return { ...Object.fromEntries(entries), failures: this.#failures.slice(failures) };
  }

  /** Resolves at the end of a message's next delivery; rejects with what it failed with. */
  next(id: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (failure?: { readonly error: unknown }) =>
        failure ? reject(failure.error) : resolve();
      // Several may wait for one message: its duplicates do.
      this.#waiting.set(id, [...this.#waiting.get(id) ?? [], settle]);
    });
  }

  #fail({ id, task, attempt, fence }: DeliveryEvent, record: ErrorRecord): Failure {
    const error = this.#handlers.failureOf({ id, fence }, record);
    const failure = { id, task, attempt, error };
    this.#failures.push(failure);
    return failure;
  }
}

function noHandler(task: string): DabbaError {
  return new DabbaError(
    "no_handler",
    `Cannot run task "${task}" inline: only its contract is here; give its handler with ` +
      "contract.handler(…), or leave inline off",
  );
}
