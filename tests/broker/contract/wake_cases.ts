import { assertEquals } from "@std/assert";
import type { Call } from "../../../src/broker/wake.ts";
import { bury, message, newChannel, retry, succeed } from "./messages.ts";
import type { Cases, Stage } from "./stage.ts";

/** A worker that hears calls, and a queue by which it is told when all before has been heard. */
class Ear implements AsyncDisposable {
  readonly calls: Call[] = [];
  readonly #stage: Stage;
  readonly #id: string;
  readonly #channel = newChannel();
  readonly #stop = new AbortController();
  #seq = 0;
  #heard = () => {};
  #done: Promise<void> | undefined;

  constructor(stage: Stage, id: string) {
    this.#stage = stage;
    this.#id = id;
  }

  /** Subscribes; undefined where the broker calls nobody. */
  static async open(stage: Stage, id = "ear"): Promise<Ear | undefined> {
    if (stage.broker.wake === undefined) return undefined;
    const ear = new Ear(stage, id);
    await ear.#listen();
    return ear;
  }

  #listen(): Promise<void> {
    return new Promise((onLive, reject) => {
      this.#done = this.#stage.broker.wake!({
        ...{ queues: ["q", `end-${this.#id}`], id: this.#id, signal: this.#stop.signal },
        onLive,
        onCall: (call) => {
          this.calls.push(call);
          this.#heard();
        },
      });
      this.#done.catch(reject);
    });
  }

  /** Looks, and leaves its word when it looks in vain. */
  look(look: number, fields: { max?: number; queues?: string[]; seq?: number } = {}) {
    const { max = 10, queues = ["q"], seq = this.#seq + 1 } = fields;
    this.#seq = Math.max(this.#seq, seq);
    const sleeper = `${this.#id}.${look}`;
    return this.#stage.exchange({ channel: this.#channel, seq, sleeper, claim: { queues, max } });
  }

  /** Gives the calls so far: what comes last is known to come. */
  async all(): Promise<Call[]> {
    const queue = `end-${this.#id}`;
    await this.look(1_000_000, { queues: [queue] });
    await this.#stage.push({ id: crypto.randomUUID(), queue });
    while (this.calls.at(-1)?.look !== 1_000_000) {
      await new Promise<void>((resolve) => this.#heard = resolve);
    }
    await this.#stage.settle(succeed(await this.#stage.claimOne({ queues: [queue] })));
    return this.calls.splice(0).slice(0, -1);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  // A case that fails must end: the store waits for who listens to it.
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** A case that needs a broker which calls. */
function hearing(play: (stage: Stage, ear: Ear) => Promise<void>): (stage: Stage) => Promise<void> {
  return async (stage) => {
    await using ear = await Ear.open(stage);
    if (ear !== undefined) await play(stage, ear);
  };
}

export const wakeCases: Cases = {
  "push() calls who has looked in vain, once": hearing(async (stage, ear) => {
    await stage.push("early");
    assertEquals(await ear.all(), [], "nobody had left word");
    await ear.look(1);
    await ear.look(2);
    await stage.push("m");
    await stage.push("n");
    assertEquals(await ear.all(), [{ waitMs: 0, look: 2 }]);
  }),
  "push() calls nobody who looked elsewhere": hearing(async (stage, ear) => {
    await ear.look(1);
    await stage.push({ id: "m", queue: "other" });
    assertEquals(await ear.all(), []);
  }),
  "push() of a duplicate calls nobody": hearing(async (stage, ear) => {
    await stage.push({ id: "m", nonce: "a", delayMs: 60_000 });
    await ear.look(1);
    await stage.push({ id: "m", nonce: "b" });
    assertEquals(await ear.all(), []);
  }),
  "push() calls those that looked last, as many as there are messages": async (stage) => {
    await using a = await Ear.open(stage, "a");
    await using b = await Ear.open(stage, "b");
    await using c = await Ear.open(stage, "c");
    if (!a || !b || !c) return;
    for (const ear of [a, b, c]) await ear.look(1);
    await stage.push("m", "n");
    assertEquals(await c.all(), [{ waitMs: 0, look: 1 }]);
    assertEquals(await b.all(), [{ waitMs: 0, look: 1 }]);
    assertEquals(await a.all(), [{ waitMs: 0 }], "it hears that others were called");
    await stage.push("o");
    assertEquals(await a.all(), [{ waitMs: 0, look: 1 }], "its own word stood still");
  },
  "push() of what is due later tells how long, and takes no word": hearing(async (stage, ear) => {
    await ear.look(1);
    await stage.push({ id: "late", delayMs: 60_000 });
    await stage.push({ id: "later", delayMs: 70_000 });
    await stage.push({ id: "sooner", delayMs: 5_000 });
    assertEquals(await ear.all(), [{ waitMs: 60_000 }, { waitMs: 5_000 }]);
    await stage.push("m");
    assertEquals(await ear.all(), [{ waitMs: 0, look: 1 }]);
  }),
  "exchange() that takes all that it asked for leaves no word": hearing(async (stage, ear) => {
    await ear.look(1);
    await stage.push("a");
    await ear.all();
    assertEquals((await ear.look(2, { max: 1 })).claimed.length, 1);
    await stage.push("b");
    assertEquals(await ear.all(), []);
  }),
  "exchange() that takes less leaves its word": hearing(async (stage, ear) => {
    await stage.push("a");
    assertEquals((await ear.look(1, { max: 2 })).claimed.length, 1);
    await stage.push("b");
    assertEquals(await ear.all(), [{ waitMs: 0, look: 1 }]);
  }),
  "exchange() that is late leaves no word over a newer one": hearing(async (stage, ear) => {
    await ear.look(1, { seq: 1 });
    await ear.look(2, { seq: 2 });
    await ear.look(1, { seq: 1 });
    await stage.push("m");
    assertEquals(await ear.all(), [{ waitMs: 0, look: 2 }]);
    await stage.claimOne();
    await ear.look(4);
    // On another channel of the same worker, sent before, and come late.
    await stage.exchange({ claim: { queues: ["q"], max: 10 }, sleeper: "ear.3" });
    await stage.push("n");
    assertEquals(await ear.all(), [{ waitMs: 0, look: 4 }]);
  }),
  "exchange() that puts a message back calls others, not who does it": hearing(
    async (stage, ear) => {
      const first = await stage.pushAndClaim();
      await ear.look(1);
      await stage.settle(retry(first, { delayMs: 500 }));
      assertEquals(await ear.all(), [{ waitMs: 500 }]);
      stage.advance(500);
      const second = await stage.claimOne();
      await stage.settle(retry(second, { delayMs: 0 }));
      assertEquals(await ear.all(), [{ waitMs: 0, look: 1 }]);
      const third = await stage.claimOne();
      await ear.look(2);
      const own = { channel: newChannel(), seq: 1, sleeper: "ear.3" };
      await stage.exchange({ ...own, settle: [retry(third, { delayMs: 100 })] });
      assertEquals(await ear.all(), []);
    },
  ),
  "redrive() calls who sleeps": hearing(async (stage, ear) => {
    await stage.settle(bury(await stage.pushAndClaim()));
    await ear.look(1);
    await stage.broker.redrive([message("m")], "op");
    assertEquals(await ear.all(), [{ waitMs: 0, look: 1 }]);
  }),
  "wake() ends with its signal, and hears nothing more": hearing(async (stage, ear) => {
    await ear.look(1);
    await ear.close();
    await stage.push("m");
    assertEquals(ear.calls, []);
  }),
};
