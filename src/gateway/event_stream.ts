/** Server-sent events: what Redis publishes, as long as the client stays. */

import { ConnectionError } from "./connection_error.ts";
import type { Listener, Message, Subscriber, Topic } from "./subscriber.ts";

/** How long streams wait, in milliseconds. */
export interface EventStreamOptions {
  /** For the subscription, before the request is answered with an error. */
  readonly connectTimeout: number;
  /** Between comments that keep a silent connection from being taken for a dead one. */
  readonly keepAliveMs?: number;
}

const KEEP_ALIVE_MS = 15_000;
const MAX_BUFFERED_BYTES = 1024 * 1024;

/** The streams of one gateway. */
export class EventStreams {
  readonly #subscriber: Subscriber;
  readonly #options: EventStreamOptions;
  readonly #open: Set<EventStream> = new Set();

  constructor(subscriber: Subscriber, options: EventStreamOptions) {
    this.#subscriber = subscriber;
    this.#options = options;
  }

  /**
   * Opens a stream, and resolves when Redis has taken its subscriptions.
   *
   * @throws {Error} with Redis' own error text, if it refuses one.
   * @throws {ConnectionError} if Redis cannot be reached.
   */
  async open(topics: readonly Topic[]): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const { connectTimeout, keepAliveMs = KEEP_ALIVE_MS } = this.#options;
    const stream = new EventStream(topics, {
      keepAliveMs,
      ended: () => {
        this.#open.delete(stream);
        for (const topic of topics) this.#subscriber.remove(topic, stream);
      },
    });
    this.#open.add(stream);
    for (const topic of topics) this.#subscriber.add(topic, stream);
    const timer = setTimeout(
      () => stream.refused(new ConnectionError("ERR cannot reach Redis, nothing is subscribed")),
      connectTimeout,
    );
    try {
      await stream.opened;
    } finally {
      clearTimeout(timer);
    }
    return stream.body;
  }

  /** Ends all streams. */
  close(): void {
    for (const stream of [...this.#open]) stream.end();
  }
}

/** One response. A client that reads more slowly than Redis publishes is left behind: it ends. */
class EventStream implements Listener {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly opened: Promise<void>;
  readonly #places: Map<Topic, number> = new Map();
  readonly #topics: readonly Topic[];
  readonly #ended: () => void;
  readonly #opening = Promise.withResolvers<void>();
  readonly #keepAlive: ReturnType<typeof setInterval>;
  #controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  #isOver = false;

  constructor(topics: readonly Topic[], options: { keepAliveMs: number; ended: () => void }) {
    this.#topics = topics;
    this.#ended = options.ended;
    this.opened = this.#opening.promise;
    this.body = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => this.#leave(),
    }, { highWaterMark: MAX_BUFFERED_BYTES, size: (chunk) => chunk!.byteLength });
    this.#keepAlive = setInterval(() => this.#write(": keep-alive\n\n"), options.keepAliveMs);
  }

  subscribed(topic: Topic): void {
    if (!this.#places.has(topic)) this.#places.set(topic, this.#places.size + 1);
    this.#write(event(`${topic.kind},${topic.name},${this.#places.get(topic)}`));
    if (this.#places.size === this.#topics.length) this.#opening.resolve();
  }

  message({ kind, name }: Topic, { channel, payload }: Message): void {
    const message = kind === "subscribe" ? "message," : `pmessage,${name},`;
    this.#write(event(`${message}${channel},${payload}`));
  }

  refused(error: Error): void {
    this.#opening.reject(error);
    this.end();
  }

  /** Ends the response, after what is written already. */
  end(): void {
    if (this.#isOver) return;
    this.#leave();
    this.#controller.close();
  }

  #leave(): void {
    this.#isOver = true;
    clearInterval(this.#keepAlive);
    this.#opening.resolve();
    this.#ended();
  }

  #write(text: string): void {
    if (this.#isOver) return;
    if (this.#controller.desiredSize! <= 0) this.end();
    else this.#controller.enqueue(new TextEncoder().encode(text));
  }
}

/** A line of its own for each line of the text: an event ends with an empty one. */
function event(text: string): string {
  return `data: ${text.replaceAll(/\r\n|\r|\n/g, "\ndata: ")}\n\n`;
}
