/** One attempt: parse the input, run the handler within its time, check the output. */

import { TaskTimeoutError, ValidationError } from "../errors.ts";
import type { Envelope } from "../message/envelope.ts";
import { encodeJson, type Json } from "../message/json.ts";
import { parse } from "../schema.ts";
import type { TaskDefinition } from "../task.ts";
import type { Clock } from "./clock.ts";
import type { Run } from "./run.ts";
import { RunContext } from "./run_context.ts";

/** Is what an attempt needs besides its delivery, and what is made of how it ended. */
export interface Attempt<Outcome> {
  /** The opened message. */
  readonly envelope: Envelope;
  /** The task, with its handler. */
  readonly definition: TaskDefinition;
  /** Limits the handler's time. */
  readonly clock: Clock;
  /** Is called once the input has passed, just before the handler runs. */
  readonly onStart: () => void;
  /** Is told the output as JSON text, undefined for none. */
  readonly succeeded: (text: string | undefined) => Outcome;
  /** Is told what was thrown, or why it was aborted. */
  readonly failed: (thrown: unknown) => Outcome;
}

/**
 * Runs the handler, schemas included, but no longer than its message allows, nor past an abort; never
 * rejects.
 */
export function runAttempt<Outcome>(run: Run, attempt: Attempt<Outcome>): Promise<Outcome> {
  // One promise for all that may end it: each one more is held by every message on its way.
  return new Promise((resolve) => {
    const { envelope: { task, timeoutMs }, clock, succeeded, failed } = attempt;
    const cancel = timeoutMs > 0
      ? clock.timer(timeoutMs, () => run.abort(new TaskTimeoutError(task, timeoutMs)))
      : undefined;
    const fail = (thrown: unknown) => {
      cancel?.();
      resolve(failed(thrown));
    };
    // A handler that does not listen is not waited for: its late outcome would be refused anyway.
    // One that ends because it was told to says so in its own words; ours say why.
    run.onAbort = fail;
    perform(run, attempt).then((text) => {
      cancel?.();
      resolve(succeeded(text));
    }, fail);
  });
}

async function perform(run: Run, attempt: Attempt<unknown>): Promise<string | undefined> {
  const { envelope, definition } = attempt;
  const sent = readInput(envelope.task, envelope.input);
  const valid = parse(definition.input, sent, { task: envelope.task, side: "input" });
  const input = valid instanceof Promise ? await valid : valid;
  if (run.aborted) throw run.aborted;
  attempt.onStart();
  // Awaited whatever it is: a query builder is a thenable, and does nothing until it is awaited.
  const output = await definition.run!(input, new RunContext(run, envelope));
  const text = output === undefined ? undefined : encodeJson(output);
  if (definition.output !== undefined) await checkOutput(definition, text);
  return text;
}

function readInput(task: string, text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    throw new ValidationError(task, "input", [{ message: "it is not JSON text", path: [] }]);
  }
}

function checkOutput(
  { name, output: schema }: TaskDefinition,
  text: string | undefined,
): unknown {
  const sent = text === undefined ? undefined : JSON.parse(text) as Json;
  return parse(schema!, sent, { task: name, side: "output" });
}
