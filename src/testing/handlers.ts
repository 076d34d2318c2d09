/** Watches handlers: which run, how often one has begun, and what they threw, as it was thrown. */

import type { ErrorRecord } from "../message/journal.ts";
import { rebuildError } from "../receipt.ts";
import type { Handler, TaskDefinition } from "../task.ts";

type Run = Handler<unknown, unknown>;

/** Watches the handlers of one kit. */
export class Handlers {
  /** How many have begun. */
  begun = 0;
  /** The tasks, their handlers watched; of two of one name the one with a handler. */
  readonly tasks: Map<string, TaskDefinition> = new Map();
  readonly #running = new Map<object, string>();
  readonly #thrown = new Map<string, unknown>();

  /** The tasks whose handlers run now. */
  get running(): string[] {
    return [...this.#running.values()];
  }

  /** Adds tasks. */
  watch(definitions: ReadonlyMap<string, TaskDefinition>): void {
    for (const [name, definition] of definitions) {
      const { run } = definition;
      if (run) this.tasks.set(name, { ...definition, run: this.#watched(name, run) });
      else if (!this.tasks.has(name)) this.tasks.set(name, definition);
    }
  }

  #watched(name: string, run: Run): Run {
    return async (input, ctx) => {
      const mark = {};
      this.#running.set(mark, name);
      this.begun++;
      try {
        return await run(input, ctx);
      } catch (error) {
        this.#thrown.set(`${ctx.id} ${ctx.fence}`, error);
        throw error;
      } finally {
        this.#running.delete(mark);
      }
    };
  }

  /** Gives what an attempt failed with: what its handler threw, if that is what was taken down. */
  failureOf(
    delivery: { readonly id: string; readonly fence: number },
    record: ErrorRecord,
  ): unknown {
    const key = `${delivery.id} ${delivery.fence}`;
    const thrown = this.#thrown.get(key);
    const known = this.#thrown.delete(key);
    // A handler that was cut off by its timeout may have thrown something of its own afterwards.
    const other = thrown instanceof Error && thrown.name !== record.name;
    return known && !other ? thrown : rebuildError(record);
  }
}
