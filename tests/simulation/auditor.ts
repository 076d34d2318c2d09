/**
 * The auditor: sees each operation of the store as it is done, keeps books of its own, and holds the
 * store to them after every one. It knows the promises, and nothing of how they are kept.
 */

import {
  type Broker,
  type Delivery,
  type ExchangeReply,
  type ExchangeRequest,
  type PushReply,
  type Settlement,
  SUSPECT_CRASHES,
} from "../../src/broker/broker.ts";
import type { Call } from "../worker/faulty_broker.ts";

/** Is who has a message. */
interface Holder {
  readonly claim: string;
  untilMs: number;
  /** Not yet begun: should it be left, nobody is to blame. */
  parked: boolean;
}

/** Is what the books say of a message. */
interface Life {
  state: "live" | "succeeded" | "dead" | "cancelled" | "expired";
  fence: number;
  failures: number;
  crashes: number;
  dueAtMs: number;
  holder: Holder | undefined;
  /** Claims under which it was ever held, and those of them whose outcome counted. */
  readonly claims: Set<string>;
  readonly settled: Set<string>;
  redrivenBy: string;
}

/** Is what no message may exceed. */
export interface Caps {
  readonly attempts: number;
  readonly crashes: number;
}

/** Audits one store. */
export class Auditor {
  readonly #store: Broker;
  readonly #caps: Caps;
  readonly #fail: (what: string) => void;
  readonly #lives = new Map<string, Life>();
  readonly #starts = new Set<string>();
  /** How many operations it has seen. */
  seen = 0;
  /** How many messages were handed over to wait with their worker. */
  ahead = 0;

  constructor(store: Broker, { caps, fail }: { caps: Caps; fail: (what: string) => void }) {
    this.#store = store;
    this.#caps = caps;
    this.#fail = fail;
  }

  /** The messages that are not final, with what is known of them. */
  open(): string[] {
    return [...this.#lives].filter(([, { state }]) => state === "live").map(([id, life]) =>
      `${id} ${JSON.stringify(life)}`
    );
  }

  /** Every message there is. */
  ids(): string[] {
    return [...this.#lives.keys()];
  }

  /** Sees an operation and what it was answered, before the next one is done. */
  async see(call: Call, reply: unknown): Promise<void> {
    this.seen++;
    const { nowMs } = await this.#store.stats();
    switch (call.operation) {
      case "push":
        call.args[0].forEach((message, i) => {
          const { id, disposition } = (reply as PushReply[])[i]!;
          if (disposition === "enqueued" && !this.#lives.has(id)) {
            this.#lives.set(id, newLife(nowMs + message.delayMs));
          }
          this.#check(this.#lives.has(id), `${id} was acknowledged, and is not known`);
        });
        break;
      case "exchange":
        this.#exchange(call.args[0], reply as ExchangeReply);
        break;
      case "cancel":
        call.args[0].forEach(({ id }, i) => {
          if ((reply as string[])[i] === "cancelled") this.#end(this.#life(id), "cancelled");
        });
        break;
      case "redrive":
        call.args[0].forEach(({ id }, i) => {
          if ((reply as string[])[i] === "redriven") this.#redrive(id, call.args[1], nowMs);
        });
    }
    await this.#compare();
  }

  /** Sees a handler begin. */
  start(id: string, fence: number): void {
    const life = this.#life(id);
    this.#check(!this.#starts.has(`${id} ${fence}`), `${id} was begun twice in delivery ${fence}`);
    this.#starts.add(`${id} ${fence}`);
    // Who has lost its lease may not know it yet.
    if (life.fence === fence && life.holder) {
      const suspect = life.crashes >= SUSPECT_CRASHES;
      const known = !suspect || !life.holder.parked;
      this.#check(known, `${id} was begun, and the store does not know`);
    }
  }

  #exchange(request: ExchangeRequest, reply: ExchangeReply): void {
    request.settle.forEach((one, i) => this.#settle(one, reply.settled[i]!, reply.nowMs));
    request.extend.forEach(({ id, claim, begins }, i) => {
      const { holder } = this.#life(id);
      const holds = holder?.claim === claim;
      this.#check((reply.extended[i] === "ok") === holds, `${id} renewed for ${claim}: ${holds}`);
      if (!holds) return;
      holder.untilMs = reply.nowMs + request.leaseMs;
      if (begins) holder.parked = false;
    });
    reply.claimed.forEach((delivery, i) => {
      const waits = i >= (request.claim?.begins ?? Infinity);
      this.#claim(delivery, { nowMs: reply.nowMs, untilMs: reply.nowMs + request.leaseMs, waits });
    });
  }

  #settle(settlement: Settlement, answer: "ok" | "lease_lost", nowMs: number): void {
    const { id, claim, outcome } = settlement;
    const life = this.#life(id);
    if (life.holder?.claim !== claim) {
      const fair = answer === "lease_lost" || life.settled.has(claim);
      this.#check(fair, `${id}: an outcome of ${claim} was accepted, which does not hold it`);
      return;
    }
    this.#check(answer === "ok", `${id}: the outcome of its holder ${claim} was refused`);
    life.holder = undefined;
    life.settled.add(claim);
    if (outcome === "retry" || outcome === "dead" && settlement.failed) life.failures++;
    this.#check(life.failures <= this.#caps.attempts, `${id} has failed ${life.failures} times`);
    if (outcome === "retry" || outcome === "defer") life.dueAtMs = nowMs + settlement.delayMs;
    else this.#end(life, outcome);
  }

  #claim(
    { id, claim, ...got }: Delivery,
    { nowMs, untilMs, waits }: { nowMs: number; untilMs: number; waits: boolean },
  ): void {
    const life = this.#life(id);
    const { holder } = life;
    if (holder?.claim !== claim) {
      this.#check(life.state === "live", `${id} was handed over, though ${life.state}`);
      this.#check(!life.claims.has(claim), `${id} was handed over under ${claim} before`);
      const free = holder === undefined ? life.dueAtMs : holder.untilMs;
      this.#check(free <= nowMs, `${id} was handed over ${free - nowMs} ms too early`);
      const doubtful = holder !== undefined || life.crashes > 0;
      this.#check(!waits || !doubtful, `${id} was handed over to wait, and may have begun before`);
      if (holder && !holder.parked) life.crashes++;
      if (waits) this.ahead++;
      life.fence++;
      life.claims.add(claim);
      life.holder = { claim, untilMs, parked: waits || life.crashes >= SUSPECT_CRASHES };
      this.#check(life.crashes <= this.#caps.crashes, `${id} has crashed ${life.crashes} times`);
    }
    for (const count of ["fence", "failures", "crashes"] as const) {
      this.#check(
        got[count] === life[count],
        `${id}: ${count} is ${got[count]}, not ${life[count]}`,
      );
    }
  }

  #redrive(id: string, op: string, nowMs: number): void {
    const life = this.#life(id);
    if (life.redrivenBy === op) return;
    this.#check(life.state === "dead", `${id} was redriven, though ${life.state}`);
    Object.assign(life, { state: "live", failures: 0, crashes: 0, dueAtMs: nowMs, redrivenBy: op });
  }

  #end(life: Life, state: Life["state"]): void {
    life.state = state;
    life.holder = undefined;
  }

  async #compare(): Promise<void> {
    const ids = this.ids();
    for (const [i, record] of (await this.#store.read(ids)).entries()) {
      const [id, life] = [ids[i]!, this.#life(ids[i]!)];
      if (record === undefined) return this.#fail(`${id} is gone`);
      const { state, fence, failures, crashes } = record;
      const open = state === "scheduled" || state === "ready" || state === "leased";
      const found = [open ? "live" : state, fence, failures, crashes].join();
      const wanted = [life.state, life.fence, life.failures, life.crashes].join();
      this.#check(found === wanted, `${id} is ${found} in the store, ${wanted} in the books`);
    }
  }

  #life(id: string): Life {
    const life = this.#lives.get(id);
    if (life !== undefined) return life;
    throw new Error(`The store speaks of ${id}, which nobody has enqueued`);
  }

  #check(holds: boolean, what: string): void {
    if (!holds) this.#fail(what);
  }
}

function newLife(dueAtMs: number): Life {
  return {
    ...{ state: "live", fence: 0, failures: 0, crashes: 0, dueAtMs, holder: undefined },
    ...{ claims: new Set<string>(), settled: new Set<string>(), redrivenBy: "" },
  };
}
