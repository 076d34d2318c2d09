/** Joins pushes into few requests: those of one turn, and those that wait while others travel. */

import { MAX_BATCH, type PushMessage, type PushReply } from "./broker/broker.ts";
import { BrokerError } from "./errors.ts";
import { endOfTurn } from "./turn.ts";
import { type Clock, systemClock } from "./worker/clock.ts";

/** Sends messages to the store in one request. */
export type Push = (messages: readonly PushMessage[]) => Promise<PushReply[]>;

/** Takes the answer to one of a call's messages, by its place in the call. */
export type Answered = (reply: PushReply, at: number) => void;

/** Takes an error, once for each message that it has kept out. */
export type Failed = (error: unknown) => void;

interface Waiting {
  readonly message: PushMessage;
  /** When it came, by the clock. */
  readonly since: number;
  readonly at: number;
  readonly resolve: Answered;
  readonly reject: Failed;
}

/** One request stays far below the 10 MB that Upstash takes. */
const MAX_CHARS = 1_000_000;

/** Two: while one request travels the next one fills, and the store is never waited for twice. */
const MAX_FLIGHTS = 2;

/** A store that hangs must not hold up those who enqueue for ever, nor fill their memory. */
const PATIENCE_MS = 10_000;
/** How many characters may wait for a store that has not answered for a second. */
const STALLED = { ms: 1_000, chars: 64_000_000 };

/** Gathers pushes and sends them in batches; used by every enqueue of one `Dabba`. */
export class Coalescer {
  readonly #push: Push;
  readonly #clock: Clock;
  #waiting: Waiting[] = [];
  #waitingChars = 0;
  #flights = 0;
  #answeredAt = -Infinity;
  #gathering = false;
  #cancel: (() => void) | undefined;

  /** Makes a coalescer in front of a broker's `push`. */
  constructor(push: Push, clock: Clock = systemClock()) {
    this.#push = push;
    this.#clock = clock;
  }

  /**
   * Adds messages; their caller is told what the store has answered for each. There is no promise a
   * message: a call may bring a thousand.
   *
   * @throws {BrokerError} when the store has not answered for a second, and very many wait. A caller
   * gets one when it has not answered for ten seconds while the message waited; it was not sent then.
   */
  add(messages: readonly PushMessage[], resolve: Answered, reject: Failed): void {
    const since = this.#clock.now();
    messages.forEach((message, at) => {
      if (this.#waitingChars >= STALLED.chars && this.#silentMs() >= STALLED.ms) {
        const count = this.#waiting.length.toLocaleString("en");
        throw notSent(`${count} messages wait for a store that does not answer`);
      }
      this.#waiting.push({ message, since, at, resolve, reject });
      this.#waitingChars += message.body.length;
    });
    if (this.#gathering) return;
    if (this.#flights < MAX_FLIGHTS) this.#gather();
    else this.#watch();
  }

  async #gather(): Promise<void> {
    this.#gathering = true;
    await endOfTurn();
    this.#gathering = false;
    while (this.#waiting.length > 0 && this.#flights < MAX_FLIGHTS) this.#fly(this.#take());
    this.#watch();
  }

  #take(): Waiting[] {
    let count = 0;
    let chars = 0;
    for (const { message } of this.#waiting) {
      chars += message.body.length;
      if (count === MAX_BATCH || (count > 0 && chars > MAX_CHARS)) break;
      count++;
    }
    return this.#remove(count);
  }

  #remove(count: number): Waiting[] {
    const removed = this.#waiting.splice(0, count);
    for (const { message } of removed) this.#waitingChars -= message.body.length;
    return removed;
  }

  // One timer, for the one that has waited longest.
  #watch(): void {
    if (this.#waiting.length === 0) {
      this.#cancel?.();
      this.#cancel = undefined;
    } else {
      this.#cancel ??= this.#clock.timer(PATIENCE_MS - this.#silentMs(), () => {
        this.#cancel = undefined;
        if (this.#silentMs() >= PATIENCE_MS) this.#giveUp();
        this.#watch();
      });
    }
  }

  // How long somebody has waited without an answer to anybody: as long as answers come, those at the
  // end of a long line need only wait.
  #silentMs(): number {
    const now = this.#clock.now();
    return now - Math.max(this.#answeredAt, this.#waiting[0]?.since ?? now);
  }

  #giveUp(): void {
    const now = this.#clock.now();
    const late = this.#waiting.findIndex(({ since }) => since + PATIENCE_MS > now);
    for (const { reject } of this.#remove(late === -1 ? this.#waiting.length : late)) {
      reject(notSent(`the store has not answered for ${PATIENCE_MS / 1_000} s`));
    }
  }

  async #fly(batch: readonly Waiting[]): Promise<void> {
    this.#flights++;
    try {
      const replies = await this.#push(batch.map((waiting) => waiting.message));
      this.#answeredAt = this.#clock.now();
      batch.forEach(({ resolve, at }, i) => resolve(replies[i]!, at));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.#flights--;
      if (this.#waiting.length > 0 && !this.#gathering) this.#gather();
    }
  }
}

function notSent(why: string): BrokerError {
  const detail = `${why}, and it was not sent; try again when the store answers`;
  return new BrokerError("enqueue", detail, { retryable: true });
}
