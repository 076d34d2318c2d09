/** One attempt: parse the input, run the handler within its time, check the output. */

import { TaskTimeoutError, ValidationError } from "../errors.ts";
import type { Envelope } from "../message/envelope.ts";
import { encodeJson, type Json } from "../message/json.ts";
import { parse } from "../schema.ts";
import type { TaskDefinition } from "../task.ts";
import type { Clock } from "./clock.ts";
import type { Run } from "./run.ts";
import { RunContext } from "./run_context.ts";

/** Is what an attempt needs besides its delivery. */
export interface Attempt {
  /** The opened message. */
  readonly envelope: Envelope;
  /** The task, with its handler. */
  readonly definition: TaskDefinition;
  /** Limits the handler's time. */
  readonly clock: Clock;
  /** Is called once the input has passed, just before the handler runs. */
  readonly onStart: () => void;
}

/** Runs the handler; gives its output as JSON text, undefined for none, or throws what it threw. */
export function runAttempt(run: Run, attempt: Attempt): Promise<string | undefined> {
  return within(perform(run, attempt), run, attempt);
}

async function perform(run: Run, attempt: Attempt): Promise<string | undefined> {
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

// Waits for an attempt, schemas included, but no longer than its message allows, nor past an abort.
function within<T>(work: Promise<T>, run: Run, { envelope, clock }: Attempt): Promise<T> {
  return new Promise((resolve, reject) => {
    const { task, timeoutMs } = envelope;
    const cancel = timeoutMs > 0
      ? clock.timer(timeoutMs, () => run.abort(new TaskTimeoutError(task, timeoutMs)))
      : undefined;
    // A handler that does not listen is not waited for: its late outcome would be refused anyway.
    // One that ends because it was told to says so in its own words; ours say why.
    run.onAbort = (reason) => {
      cancel?.();
      reject(reason);
    };
    work.then((value) => {
      cancel?.();
      resolve(value);
    }, (error) => {
      cancel?.();
      reject(error);
    });
  });
}
