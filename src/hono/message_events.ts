/** Server-sent events: follows one message until it is final, the time is over, or nobody listens. */

import { BrokerError, MessageNotFoundError } from "../errors.ts";
import { isFinal, type MessageStatus } from "../status.ts";
import type { Clock } from "../worker/clock.ts";
import { messageBody } from "./message_body.ts";

/** The part of a clock that waits. */
type Waiting = Pick<Clock, "now" | "timer">;

/** Says what is followed, and how long. */
export interface Following {
  /** The message as it is now. */
  readonly first: MessageStatus;
  /** Reads the message anew. */
  readonly read: () => Promise<MessageStatus>;
  /** The id of the last event that the listener has; undefined for a new listener. */
  readonly lastEventId: string | undefined;
  /** Aborts when nobody listens any more. */
  readonly signal: AbortSignal;
  /** How long to follow, in milliseconds. */
  readonly maxMs: number;
  /** The time. */
  readonly clock: Waiting;
}

/** The first and the longest wait between two looks. */
const POLL_MS = { first: 100, most: 1_000 };

/** Proxies close what is silent for long. */
const HEARTBEAT_MS = 15_000;

const HEARTBEAT = ":\n\n";

/** Says to the browser how soon to come back when the time is over. */
const RETRY = "retry: 1000\n\n";

/** The id of the event that tells where a message stands: equal ids, nothing new. */
export function eventId(status: MessageStatus): string {
  const { state, attempts, crashes, nextAttemptAt } = status;
  return `${state}.${attempts}.${crashes}.${nextAttemptAt?.getTime() ?? 0}`;
}

/** Writes the events of a message, each as soon as it is known. */
export async function* messageEvents(following: Following): AsyncGenerator<string, void, void> {
  const { clock, signal } = following;
  const rhythm = new Rhythm(clock, following.maxMs);
  const news = new News(following.lastEventId);
  let status: MessageStatus | undefined = following.first;
  yield RETRY;
  while (true) {
    const events: string = status === undefined ? "" : news.of(status);
    if (events !== "") {
      yield events;
      rhythm.told();
    }
    if (rhythm.over || (status !== undefined && isFinal(status.state))) return;
    await pause(rhythm.pauseMs(), { clock, signal });
    if (signal.aborted) return;
    if (rhythm.silent) {
      yield HEARTBEAT;
      rhythm.spoke();
    }
    try {
      status = await look(following);
    } catch (error) {
      if (error instanceof MessageNotFoundError) return;
      throw error;
    }
  }
}

// A browser that is answered 503 never comes back: outages are waited out in here.
async function look({ read }: Following): Promise<MessageStatus | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof BrokerError && error.retryable) return undefined;
    throw error;
  }
}

/** Says when to look, when to speak, and when to end. */
class Rhythm {
  readonly #clock: Waiting;
  readonly #endsAt: number;
  #spokenAt: number;
  #wait = POLL_MS.first;

  constructor(clock: Waiting, maxMs: number) {
    this.#clock = clock;
    this.#spokenAt = clock.now();
    this.#endsAt = this.#spokenAt + maxMs;
  }

  get over(): boolean {
    return this.#clock.now() >= this.#endsAt;
  }

  get silent(): boolean {
    return this.#clock.now() - this.#spokenAt >= HEARTBEAT_MS;
  }

  /** Something was new: more may come soon. */
  told(): void {
    this.#wait = POLL_MS.first;
    this.spoke();
  }

  spoke(): void {
    this.#spokenAt = this.#clock.now();
  }

  pauseMs(): number {
    const now = this.#clock.now();
    const wait = this.#wait;
    this.#wait = Math.min(wait * 1.5, POLL_MS.most);
    return Math.max(0, Math.min(wait, this.#endsAt - now, this.#spokenAt + HEARTBEAT_MS - now));
  }
}

/** Remembers what the listener knows, and writes what is new to it. */
class News {
  #id: string | undefined;
  #progress: string | undefined;
  #count = 0;

  constructor(lastEventId: string | undefined) {
    // What follows the tilde counts the progress within a state.
    this.#id = lastEventId?.split("~", 1)[0];
  }

  of(status: MessageStatus): string {
    const id = eventId(status);
    const { output: _, ...body } = messageBody(status);
    const progress = status.progress === undefined ? undefined : JSON.stringify(status.progress);
    let events = "";
    if (id !== this.#id) events += event("state", id, body);
    if (progress !== undefined && progress !== this.#progress) {
      events += event("progress", `${id}~${++this.#count}`, body);
    }
    if (isFinal(status.state)) events += event("result", id, messageBody(status));
    [this.#id, this.#progress] = [id, progress];
    return events;
  }
}

function event(name: string, id: string, body: object): string {
  return `event: ${name}\nid: ${id}\ndata: ${JSON.stringify(body)}\n\n`;
}

/** Waits, shorter when the signal aborts. */
function pause(ms: number, { clock, signal }: Pick<Following, "clock" | "signal">): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const cancel = clock.timer(ms, end);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}
