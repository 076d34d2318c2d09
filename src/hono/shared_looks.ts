/** Looks at messages that all who follow one share; used by the streams of events. */

import type { MessageStatus } from "../status.ts";
import type { Clock } from "../worker/clock.ts";

/** As long as the shortest wait between two looks of one listener. */
const FRESH_MS = 100;

interface Look {
  readonly at: number;
  readonly status: Promise<MessageStatus>;
}

/** Asks the store ten times a second at most about one message, however many follow it. */
export class SharedLooks {
  readonly #read: (id: string) => Promise<MessageStatus>;
  readonly #clock: Pick<Clock, "now">;
  /** In the order in which they were begun. */
  readonly #looks = new Map<string, Look>();

  /** Takes what reads a message anew. */
  constructor(read: (id: string) => Promise<MessageStatus>, clock: Pick<Clock, "now">) {
    this.#read = read;
    this.#clock = clock;
  }

  /** How many looks are kept. */
  get kept(): number {
    return this.#looks.size;
  }

  /** Tells how a message was at most a tenth of a second ago. */
  at(id: string): Promise<MessageStatus> {
    this.#forget();
    return this.#looks.get(id)?.status ?? this.#look(id);
  }

  #look(id: string): Promise<MessageStatus> {
    const look = { at: this.#clock.now(), status: this.#read(id) };
    this.#looks.set(id, look);
    // The store may be back for the next one who asks.
    look.status.catch(() => {
      if (this.#looks.get(id) === look) this.#looks.delete(id);
    });
    return look.status;
  }

  #forget(): void {
    const oldest = this.#clock.now() - FRESH_MS;
    for (const [id, { at }] of this.#looks) {
      if (at > oldest) return;
      this.#looks.delete(id);
    }
  }
}
