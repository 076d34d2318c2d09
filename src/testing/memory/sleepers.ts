/** Who sleeps at the queues of a memory broker, and is called for what comes. */

import type { ExchangeReply, ExchangeRequest } from "../../broker/broker.ts";
import { MOST_SLEEPERS, type Watch } from "../../broker/wake.ts";
import type { Message } from "./message.ts";
import type { Store } from "./store.ts";

/** Keeps workers' words, and their subscriptions; see `wake.ts` of the contract. */
export class Sleepers {
  readonly #words = new Map<string, readonly string[]>();
  readonly #watches = new Set<Watch>();

  /** Subscribes; resolves when the subscription has ended. */
  watch(watch: Watch): Promise<void> {
    if (watch.signal.aborted) return Promise.resolve();
    this.#watches.add(watch);
    watch.onLive();
    return new Promise((resolve) =>
      watch.signal.addEventListener("abort", () => {
        this.#watches.delete(watch);
        resolve();
      }, { once: true })
    );
  }

  /** Calls for what has come to the store and is still there; who asks right now knows already. */
  call(store: Store, nowMs: number, me?: string): void {
    const came = store.takeCame().filter(({ state, claim }) => state === "live" && claim === "");
    for (const queue of new Set(came.map((message) => message.queue))) {
      const here = came.filter((message) => message.queue === queue);
      const due = here.filter(({ dueAtMs }) => dueAtMs <= nowMs).length;
      if (due > 0) this.#callLast(queue, due, me);
      else this.#callAll(queue, waitOf(store, here, nowMs), me);
    }
  }

  /** Calls for what a request has put back, and takes down who has looked in vain. */
  exchanged(store: Store, request: ExchangeRequest, reply: ExchangeReply): void {
    const { claim, sleeper, channel, seq } = request;
    this.call(store, reply.nowMs, sleeper && parseWord(sleeper)[0]);
    if (!claim || !sleeper || store.slots.get(channel)?.seq !== seq) return;
    const left = reply.nextDueAtMs !== undefined && reply.nextDueAtMs <= reply.nowMs;
    this.#sleep(claim.queues, sleeper, reply.claimed.length < claim.max && !left);
  }

  // A newer word stays.
  #sleep(queues: readonly string[], sleeper: string, idle: boolean): void {
    const [me, look] = parseWord(sleeper);
    for (const queue of queues) {
      const before = this.#words.get(queue) ?? [];
      if (before.map(parseWord).some(([id, other]) => id === me && other > look)) continue;
      const others = before.filter((word) => parseWord(word)[0] !== me);
      this.#words.set(queue, [...others, ...(idle ? [sleeper] : [])].slice(-MOST_SLEEPERS));
    }
  }

  #callLast(queue: string, count: number, me: string | undefined): void {
    const words = this.#words.get(queue) ?? [];
    const called = words.filter((word) => parseWord(word)[0] !== me).slice(-count);
    if (called.length === 0) return;
    this.#words.set(queue, words.filter((word) => !called.includes(word)));
    const looks = new Map(called.map(parseWord));
    for (const watch of this.#heardBy(queue)) {
      const look = looks.get(watch.id);
      watch.onCall(look === undefined ? { waitMs: 0 } : { waitMs: 0, look });
    }
  }

  #callAll(queue: string, waitMs: number | undefined, me: string | undefined): void {
    const others = (this.#words.get(queue) ?? []).some((word) => parseWord(word)[0] !== me);
    if (!others || waitMs === undefined) return;
    for (const watch of this.#heardBy(queue)) watch.onCall({ waitMs });
  }

  #heardBy(queue: string): Watch[] {
    return [...this.#watches].filter(({ queues }) => queues.includes(queue));
  }
}

function parseWord(word: string): [id: string, look: number] {
  const dot = word.lastIndexOf(".");
  return [word.slice(0, dot), Number(word.slice(dot + 1))];
}

/** Says how long it is until the first of those that have come is due, if all others are due later. */
function waitOf(store: Store, came: readonly Message[], nowMs: number): number | undefined {
  const first = Math.min(...came.map(({ dueAtMs }) => dueAtMs));
  const others = store.waiting().filter((one) =>
    one.queue === came[0]!.queue && !came.includes(one)
  );
  return others.every(({ dueAtMs }) => first < dueAtMs) ? first - nowMs : undefined;
}
