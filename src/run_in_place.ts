/** A direct call of a task: the same checks as through the queue, with nothing in between. */

import { DabbaError } from "./errors.ts";
import { randomId } from "./message/id.ts";
import { encodeJson, type Json } from "./message/json.ts";
import { maxAttempts } from "./retry/backoff.ts";
import { parse } from "./schema.ts";
import type { TaskContext, TaskDefinition } from "./task.ts";

/** Checks the input, runs the handler with a context of its own, and checks the output. */
export async function runInPlace<Out>(
  definition: TaskDefinition,
  input: unknown,
  ctx?: Partial<TaskContext>,
): Promise<Out> {
  const { name, run } = definition;
  if (run === undefined) {
    throw new DabbaError(
      "no_handler",
      `Cannot run task "${name}" in place: only its contract is here; enqueue it, ` +
        `or give its handler with contract.handler(…)`,
    );
  }
  // The value that a worker would get: dates as text, undefined properties gone.
  const sent = JSON.parse(encodeJson(input)) as Json;
  const parsed = await parse(definition.input, sent, { task: name, side: "input" });
  const output = await run(parsed, contextOf(definition, ctx));
  const returned = output === undefined ? undefined : JSON.parse(encodeJson(output)) as Json;
  if (definition.output === undefined) return returned as Out;
  return await parse(definition.output, returned, { task: name, side: "output" }) as Out;
}

function contextOf(
  { name, settings }: TaskDefinition,
  ctx: Partial<TaskContext> = {},
): TaskContext {
  return {
    id: randomId(),
    task: name,
    queue: settings.queue,
    attempt: 1,
    maxAttempts: maxAttempts(settings.backoff),
    fence: 1,
    enqueuedAt: new Date(),
    progress() {},
    ...ctx,
    // A worker's own is a getter of its class, which no spread takes along.
    signal: ctx.signal ?? new AbortController().signal,
  };
}
