/** The solo: has a suspect run alone, so that whoever its end takes along is not innocent. */

import { type Delivery, SUSPECT_CRASHES } from "../broker/broker.ts";
import type { Run } from "./run.ts";
import { WorkerStopping } from "./stopping.ts";

/** Keeps one place for a suspect; one per pump. */
export class Solo {
  #run: Run | undefined;
  #enter = () => {};
  #asked = false;
  #entered = false;
  #room = Infinity;

  /**
   * The most messages to take at once. Where suspects come in numbers all but one are handed back, so
   * then it is one, until others come again.
   */
  get room(): number {
    return this.#room;
  }

  /** Takes down what a look has brought. */
  looked(claimed: readonly Delivery[]): void {
    const suspects = claimed.filter(({ crashes }) => crashes >= SUSPECT_CRASHES).length;
    if (suspects > 1) this.#room = 1;
    else if (suspects === 0) this.#room *= 2;
  }

  /** Whether a suspect waits or runs here: nothing else may be taken. */
  get taken(): boolean {
    return this.#run !== undefined;
  }

  /**
   * Waits until a suspect may begin, and rejects if it is aborted before. Gives nothing where another
   * one has the place: it is to be handed back, as somebody else may have the room.
   */
  admit(run: Run): Promise<void> | undefined {
    if (this.#run !== undefined) return undefined;
    if (run.aborted) return Promise.reject(run.aborted);
    this.#run = run;
    this.#asked = this.#entered = false;
    return new Promise((resolve, reject) => {
      this.#enter = resolve;
      run.onAbort = reject;
    });
  }

  /** Gives the suspect that the store is to be told of, once; to be called when nothing else runs. */
  ask(): Run | undefined {
    if (this.#asked || this.#run === undefined) return undefined;
    this.#asked = true;
    this.#run.begins = true;
    return this.#run;
  }

  /** Lets the suspect begin: the store knows. */
  enter(): void {
    if (!this.#asked) return;
    this.#entered = true;
    this.#enter();
  }

  /** Sends a suspect away that has not begun: the worker stops, and begins nothing more. */
  dismiss(): void {
    if (!this.#entered) this.#run?.abort(new WorkerStopping());
  }

  /** Frees the place, if this run has it. */
  leave(run: Run): void {
    if (this.#run !== run) return;
    this.#run = undefined;
    this.#enter = () => {};
  }
}
