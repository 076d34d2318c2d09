/** The `@task` decorator: class methods as tasks, by the standard (TC39) decorators. */

import type { Schema, SchemaInput, SchemaOutput } from "./schema.ts";
import { define, DEFINITION, type Handler, type TaskContext, type TaskOptions } from "./task.ts";

/** Is a method that can be a task: what the schema gives in, what the schema wants out. */
export type TaskMethod<This, I extends Schema, O extends Schema | undefined> = (
  this: This,
  input: SchemaOutput<I>,
  ctx: TaskContext,
) => O extends Schema ? SchemaInput<O> | Promise<SchemaInput<O>> : unknown;

/**
 * Makes a method a task. The compiler checks the method's input against the schema.
 *
 * ```ts
 * import { task, type TaskContext } from "@dabba/queue";
 * import { z } from "zod";
 *
 * export class Images {
 *   @task("image.resize", { input: z.object({ key: z.string() }), backoff: ["1m", "5m", "15m"] })
 *   async resize(input: { key: string }, ctx: TaskContext): Promise<{ sizes: string[] }> {
 *     ctx.progress({ done: 1, of: 3 });
 *     return await Promise.resolve({ sizes: [input.key] });
 *   }
 * }
 * ```
 *
 * @throws {TypeError} when the method is static, private or a task already, or an option is not usable.
 */
export function task<I extends Schema, O extends Schema | undefined = undefined>(
  name: string,
  options: TaskOptions<I, O>,
): <This>(method: TaskMethod<This, I, O>, context: ClassMethodDecoratorContext<This>) => void {
  const definition = define(name, options, undefined);
  return function decorate(method, context): void {
    if (context.kind !== "method" || context.static || context.private) {
      throw new TypeError(
        `Cannot make ${String(context.name)} the task "${name}": ` +
          `@task goes on public methods of instances`,
      );
    }
    if (Object.hasOwn(method, DEFINITION)) {
      throw new TypeError(
        `Cannot make ${String(context.name)} the task "${name}": it is a task already`,
      );
    }
    const run = method as unknown as Handler<unknown, unknown>;
    Object.defineProperty(method, DEFINITION, { value: { ...definition, run } });
  };
}
