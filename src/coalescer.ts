/** Joins pushes into few requests: those of one turn, and those that wait while others travel. */

import { MAX_BATCH, type PushMessage, type PushReply } from "./broker/broker.ts";
import { endOfTurn } from "./turn.ts";

/** Sends messages to the store in one request. */
export type Push = (messages: readonly PushMessage[]) => Promise<PushReply[]>;

interface Waiting {
  readonly message: PushMessage;
  readonly resolve: (reply: PushReply) => void;
  readonly reject: (error: unknown) => void;
}

/** One request stays far below the 10 MB that Upstash takes. */
const MAX_CHARS = 1_000_000;

/** Two: while one request travels the next one fills, and the store is never waited for twice. */
const MAX_FLIGHTS = 2;

/** Gathers pushes and sends them in batches; used by every enqueue of one `Dabba`. */
export class Coalescer {
  readonly #push: Push;
  #waiting: Waiting[] = [];
  #flights = 0;
  #gathering = false;

  /** Makes a coalescer in front of a broker's `push`. */
  constructor(push: Push) {
    this.#push = push;
  }

  /** Adds one message; resolves when the store has answered for it. */
  add(message: PushMessage): Promise<PushReply> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ message, resolve, reject });
      if (!this.#gathering && this.#flights < MAX_FLIGHTS) this.#gather();
    });
  }

  async #gather(): Promise<void> {
    this.#gathering = true;
    await endOfTurn();
    this.#gathering = false;
    while (this.#waiting.length > 0 && this.#flights < MAX_FLIGHTS) this.#fly(this.#take());
  }

  #take(): Waiting[] {
    let count = 0;
    let chars = 0;
    for (const { message } of this.#waiting) {
      chars += message.body.length;
      if (count === MAX_BATCH || (count > 0 && chars > MAX_CHARS)) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #fly(batch: readonly Waiting[]): Promise<void> {
    this.#flights++;
    try {
      const replies = await this.#push(batch.map((waiting) => waiting.message));
      batch.forEach((waiting, i) => waiting.resolve(replies[i]!));
    } catch (error) {
      for (const waiting of batch) waiting.reject(error);
    } finally {
      this.#flights--;
      if (this.#waiting.length > 0 && !this.#gathering) this.#gather();
    }
  }
}
