/** What a handler is told of its attempt. */

import type { Envelope } from "../message/envelope.ts";
import { maxAttempts } from "../retry/backoff.ts";
import type { TaskContext } from "../task.ts";
import type { Run } from "./run.ts";

/** Is the context of one run. A class: a getter of its own would take each object ten times as long. */
export class RunContext implements TaskContext {
  readonly id: string;
  readonly task: string;
  readonly queue: string;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly fence: number;
  readonly enqueuedAt: Date;
  readonly progress: (value: unknown) => void;
  readonly #run: Run;

  /** Makes it for a run whose message has been opened. */
  constructor(run: Run, envelope: Envelope) {
    const { id, queue, failures, fence, enqueuedAtMs } = run.delivery;
    this.id = id;
    this.task = envelope.task;
    this.queue = queue;
    this.attempt = failures + 1;
    this.maxAttempts = maxAttempts(envelope.backoff);
    this.fence = fence;
    this.enqueuedAt = new Date(enqueuedAtMs);
    this.progress = (value) => run.report(value);
    this.#run = run;
  }

  /** Aborts when the handler must end. */
  get signal(): AbortSignal {
    return this.#run.signal;
  }
}
