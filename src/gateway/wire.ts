/** One stream to Redis: commands go down it, replies come up it in the order of the commands. */

import type { Buffer } from "node:buffer";
import process from "node:process";
import type { Duplex } from "node:stream";
import { ProtocolError } from "./connection_error.ts";
import { FrameCutter } from "./frames.ts";
import { errorOf } from "./reply.ts";

/** What hears of what goes over a wire. */
export interface WireOptions {
  /** A command was sent. */
  readonly onSent: () => void;
  /** A command was answered, or never will be. */
  readonly onSettled: () => void;
  /** Says why a command gets no answer; `cause` is what broke the stream, if that is known. */
  readonly lost: (cause: Error | undefined) => Error;
}

interface Waiting {
  readonly answer: (frame: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
  next: Waiting | undefined;
}

/** Sends commands pipelined, whoever they belong to. */
export class Wire {
  readonly #stream: Duplex;
  readonly #options: WireOptions;
  readonly #cutter = new FrameCutter();
  #first: Waiting | undefined;
  #last: Waiting | undefined;
  #cause: Error | undefined;
  #corked = false;

  /** Takes the stream over: nobody else may read from it. */
  constructor(stream: Duplex, options: WireOptions) {
    this.#stream = stream;
    this.#options = options;
    stream.removeAllListeners("data");
    stream.on("data", (chunk: Buffer) => this.#receive(chunk));
    stream.once("error", (error: Error) => this.#cause ??= error);
    stream.once("close", () => this.#end());
  }

  /**
   * Sends one command, and reads its reply: at once when it comes, as its bytes do not last.
   *
   * @throws {ReplyError} with Redis' own error text.
   */
  send<T>(command: Uint8Array, read: (frame: Uint8Array) => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const answer = (frame: Uint8Array) => resolve(read(frame));
    const waiting: Waiting = { answer, reject, next: undefined };
    if (this.#last === undefined) this.#first = waiting;
    else this.#last.next = waiting;
    this.#last = waiting;
    this.#options.onSent();
    this.#corkForThisTurn();
    this.#stream.write(command);
    return promise;
  }

  /** What one turn of the event loop sends leaves in one write: a system call is the dearest part. */
  #corkForThisTurn(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#stream.cork();
    process.nextTick(() => {
      this.#corked = false;
      this.#stream.uncork();
    });
  }

  #receive(chunk: Buffer): void {
    try {
      this.#cutter.push(chunk, this.#take);
    } catch (error) {
      this.#stream.destroy(error as Error);
    }
  }

  readonly #take = (frame: Uint8Array): void => {
    const waiting = this.#shift();
    if (waiting === undefined) throw new ProtocolError("a reply came that nobody waits for");
    const error = errorOf(frame);
    if (error !== undefined) return waiting.reject(error);
    try {
      waiting.answer(frame);
    } catch (unread) {
      waiting.reject(unread);
    }
  };

  #shift(): Waiting | undefined {
    const waiting = this.#first;
    if (waiting === undefined) return undefined;
    this.#first = waiting.next;
    if (this.#first === undefined) this.#last = undefined;
    this.#options.onSettled();
    return waiting;
  }

  #end(): void {
    const error = this.#options.lost(this.#cause);
    for (let waiting = this.#shift(); waiting !== undefined; waiting = this.#shift()) {
      waiting.reject(error);
    }
  }
}
