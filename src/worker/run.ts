/** One delivery while it is in this worker's hands. */

import type { Delivery } from "../broker/broker.ts";
import { bytesOver, encodeJson } from "../message/json.ts";

/** The most that a handler may say about its progress, in bytes of its JSON. */
const MAX_PROGRESS = 4_096;

function nothing(): void {}

/** Follows a delivery from its claim to its settle; the heartbeat and the executor share it. */
export class Run {
  /** What was claimed. */
  readonly delivery: Delivery;
  /** When it was claimed, by the worker's clock. */
  readonly claimedAt: number;
  /** When its attempt came about, by the worker's clock: it may have had to wait. */
  attemptedAt: number;
  /** When its lease is to be renewed, by the worker's clock. */
  renewAt: number;
  /** What the handler said last and the store does not know yet. */
  progress: string | undefined;
  /** The task's name; empty until the envelope is open. */
  task = "";
  /** Whether the message is no longer ours, so that its outcome is worth nothing. */
  lost = false;
  /** Whether its handler has begun. */
  begun = false;
  /** Whether the store is told that the handler of a suspect begins. */
  begins = false;
  /** Whether it has ended here, and its outcome is on its way to the store. */
  settled = false;
  /** Is called once when it is aborted; cheaper than the signal, which most handlers never ask for. */
  onAbort: (reason: Error) => void = nothing;
  #controller: AbortController | undefined;
  #reason: { readonly error: Error } | undefined;
  readonly #onProgress: (run: Run) => void;

  /** Makes it for a claimed delivery. */
  constructor(
    delivery: Delivery,
    claimedAt: number,
    renewAt: number,
    onProgress: (run: Run) => void,
  ) {
    this.delivery = delivery;
    this.claimedAt = this.attemptedAt = claimedAt;
    this.renewAt = renewAt;
    this.#onProgress = onProgress;
  }

  /** Aborts when the handler must end. */
  get signal(): AbortSignal {
    // Most handlers never look: a controller is only made for those that do.
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason) this.#controller.abort(this.#reason.error);
    }
    return this.#controller.signal;
  }

  /** Why it was aborted; undefined while it may go on. */
  get aborted(): Error | undefined {
    return this.#reason?.error;
  }

  /** Tells the handler to end; the first reason counts. */
  abort(error: Error): void {
    if (this.#reason) return;
    this.#reason = { error };
    this.#controller?.abort(error);
    this.onAbort(error);
  }

  /** Takes down that it has ended here. */
  end(): void {
    this.settled = true;
    // What its attempt holds may go, while its outcome waits for a request.
    this.onAbort = nothing;
  }

  /** Takes down how far the handler is. */
  report(value: unknown): void {
    const text = encodeJson(value);
    const bytes = bytesOver(text, MAX_PROGRESS);
    if (bytes !== undefined) {
      throw new RangeError(
        `Cannot report progress of ${bytes} bytes: the limit is ${MAX_PROGRESS}`,
      );
    }
    if (this.settled || this.lost) return;
    this.progress = text;
    this.#onProgress(this);
  }
}
