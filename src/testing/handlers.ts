/** Watches handlers: which run, how often one has begun, and what they threw, as it was thrown. */

import type { ErrorRecord } from "../message/journal.ts";
import { rebuildError } from "../receipt.ts";
import type { TaskContext, TaskDefinition } from "../task.ts";

/** Is the handlers of one kit. */
export class Handlers {
  /** How many have begun. */
  begun = 0;
  readonly #running = new Map<object, string>();
  readonly #thrown = new Map<string, unknown>();

  /** The tasks whose handlers run now. */
  get running(): string[] {
    return [...this.#running.values()];
  }

  /** Gives the same definitions, their handlers watched. */
  watch(definitions: ReadonlyMap<string, TaskDefinition>): Map<string, TaskDefinition> {
    return new Map(
      [...definitions].map(([name, definition]) => {
        const { run } = definition;
        const watched = run && (async (input: unknown, ctx: TaskContext) => {
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
        });
        return [name, { ...definition, run: watched }];
      }),
    );
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
