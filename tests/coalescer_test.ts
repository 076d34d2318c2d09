import { assert, assertEquals, assertRejects } from "@std/assert";
import { MAX_BATCH, type PushMessage, type PushReply } from "../src/broker/broker.ts";
import { Coalescer } from "../src/coalescer.ts";
import { BrokerError } from "../src/errors.ts";
import { FakeClock } from "./worker/fake_clock.ts";

function message(id: string, body = "{}"): PushMessage {
  const line = { queue: "q", priority: "normal" } as const;
  return { id, nonce: "-", ...line, delayMs: 0, expiresInMs: 0, body };
}

/** A store that answers when it is told to. */
class Store {
  readonly batches: (readonly PushMessage[])[] = [];
  readonly #gates: PromiseWithResolvers<void>[] = [];
  /** Whether it answers by itself. */
  open: boolean;

  constructor(open = true) {
    this.open = open;
  }

  readonly push = async (messages: readonly PushMessage[]): Promise<PushReply[]> => {
    this.batches.push(messages);
    const gate = Promise.withResolvers<void>();
    this.#gates.push(gate);
    if (this.open) gate.resolve();
    await gate.promise;
    return messages.map(({ id }) => ({ id, disposition: "enqueued" }));
  };

  get sizes(): number[] {
    return this.batches.map((batch) => batch.length);
  }

  answer(batch: number): void {
    this.#gates[batch]!.resolve();
  }

  fail(batch: number): void {
    this.#gates[batch]!.reject(new Error(`batch ${batch}`));
  }
}

/** Adds one message alone. */
function addOne(coalescer: Coalescer, one: PushMessage): Promise<PushReply> {
  return new Promise((resolve, reject) => {
    coalescer.add([one], resolve, reject);
  });
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
const range = (count: number) => Array.from({ length: count }, (_, i) => i);

Deno.test("Coalescer.add() sends the messages of one turn in one request, in their order", async () => {
  const store = new Store();
  const coalescer = new Coalescer(store.push);
  const replies = await Promise.all(range(100).map((i) => addOne(coalescer, message(`m${i}`))));
  assertEquals(store.sizes, [100]);
  assertEquals(store.batches[0]!.map(({ id }) => id), range(100).map((i) => `m${i}`));
  assertEquals(replies.map(({ id }) => id), range(100).map((i) => `m${i}`));
});

Deno.test("Coalescer.add() sends messages of the same turn together when they are a few awaits apart", async () => {
  const store = new Store();
  const coalescer = new Coalescer(store.push);
  await Promise.all(
    range(50).map(async (i) => {
      for (let hop = 0; hop < i % 4; hop++) await undefined;
      await addOne(coalescer, message(`m${i}`));
    }),
  );
  assertEquals(store.sizes, [50]);
});

Deno.test("Coalescer.add() sends a lone message without waiting for a timer", async () => {
  const store = new Store();
  const coalescer = new Coalescer(store.push);
  const begunAt = performance.now();
  for (let i = 0; i < 500; i++) await addOne(coalescer, message(`m${i}`));
  const took = performance.now() - begunAt;
  assert(took < 400, `${took} ms for 500 messages one after the other`);
});

Deno.test("Coalescer.add() sends what many requests add at once together, however quick the store", async () => {
  const store = new Store();
  const coalescer = new Coalescer(store.push);
  await Promise.all(
    range(1_000).map(async (i) => {
      await turn();
      await addOne(coalescer, message(`m${i}`));
    }),
  );
  assert(store.sizes.length < 20, `${store.sizes.length} requests for 1,000 messages`);
});

Deno.test("Coalescer.add() joins the messages of one turn where there is no setImmediate", async () => {
  const global = globalThis as { setImmediate?: unknown };
  const { setImmediate } = global;
  try {
    delete global.setImmediate;
    const store = new Store();
    const coalescer = new Coalescer(store.push);
    const added = range(50).map(async (i) => {
      for (let hop = 0; hop < i % 4; hop++) await undefined;
      await addOne(coalescer, message(`m${i}`));
    });
    await Promise.all(added);
    assertEquals(store.sizes, [50]);
  } finally {
    global.setImmediate = setImmediate;
  }
});

Deno.test("Coalescer.add() gathers what comes while two requests are on their way", async () => {
  const store = new Store(false);
  const coalescer = new Coalescer(store.push);
  const added: Promise<PushReply>[] = [];
  for (let i = 0; i < 10; i++) {
    added.push(addOne(coalescer, message(`m${i}`)));
    await turn();
  }
  assertEquals(store.sizes, [1, 1]);
  store.open = true;
  store.answer(0);
  await turn();
  assertEquals(store.sizes, [1, 1, 8]);
  store.answer(1);
  await Promise.all(added);
});

Deno.test("Coalescer.add() splits what does not fit one request, by count", async () => {
  const store = new Store();
  const coalescer = new Coalescer(store.push);
  await Promise.all(range(2_500).map((i) => addOne(coalescer, message(`m${i}`))));
  assertEquals(store.sizes, [MAX_BATCH, MAX_BATCH, 500]);
});

Deno.test("Coalescer.add() splits what does not fit one request, by size", async () => {
  const store = new Store();
  const coalescer = new Coalescer(store.push);
  const body = "x".repeat(300_000);
  await Promise.all(range(10).map((i) => addOne(coalescer, message(`m${i}`, body))));
  assertEquals(store.sizes, [3, 3, 3, 1]);
  await addOne(coalescer, message("large", "x".repeat(3_000_000)));
  assertEquals(store.sizes.at(-1), 1, "one that is too large alone still travels");
});

Deno.test("Coalescer.add() counts the bytes of a request, not its characters", async () => {
  const store = new Store();
  const coalescer = new Coalescer(store.push);
  const body = "\u{6F22}".repeat(250_000);
  await Promise.all(range(12).map((i) => addOne(coalescer, message(`m${i}`, body))));
  const sizes = store.batches.map((batch) =>
    batch.reduce((sum, one) => sum + new TextEncoder().encode(one.body).length, 0)
  );
  assert(sizes.every((bytes) => bytes <= 4_000_000), `${sizes} bytes`);
});

Deno.test("Coalescer.add() rejects exactly the batch whose push failed", async () => {
  const store = new Store(false);
  const coalescer = new Coalescer(store.push);
  const first = Promise.allSettled(range(3).map((i) => addOne(coalescer, message(`a${i}`))));
  await turn();
  const second = Promise.allSettled(range(3).map((i) => addOne(coalescer, message(`b${i}`))));
  await turn();
  const third = addOne(coalescer, message("c"));
  await turn();
  store.fail(1);
  await turn();
  store.answer(0);
  store.answer(2);
  assertEquals((await first).map(({ status }) => status), Array(3).fill("fulfilled"));
  assertEquals((await second).map(({ status }) => status), Array(3).fill("rejected"));
  assertEquals((await third).id, "c");
});

Deno.test("Coalescer.add() survives a push that throws at once", async () => {
  let answer = (): Promise<PushReply[]> => {
    throw new TypeError("at once");
  };
  const coalescer = new Coalescer(() => answer());
  await assertRejects(() => addOne(coalescer, message("m1")), TypeError, "at once");
  answer = () => Promise.resolve([{ id: "m3", disposition: "enqueued" }]);
  assertEquals((await addOne(coalescer, message("m3"))).id, "m3");
});

Deno.test("Coalescer.add() takes 100,000 messages of one turn in as many requests as they need", async () => {
  const store = new Store();
  const coalescer = new Coalescer(store.push);
  const begunAt = performance.now();
  await Promise.all(range(100_000).map((i) => addOne(coalescer, message(`m${i}`))));
  assertEquals(store.sizes, Array(100).fill(MAX_BATCH));
  assert(performance.now() - begunAt < 5_000, "without going through the queue for each of them");
});

Deno.test("Coalescer.add() gives up what a store that hangs has kept waiting, unsent", async () => {
  const store = new Store(false);
  const clock = new FakeClock();
  const coalescer = new Coalescer(store.push, clock);
  const flying = [addOne(coalescer, message("a"))];
  await turn();
  flying.push(addOne(coalescer, message("b")));
  await turn();
  const early = addOne(coalescer, message("early"));
  const gaveUp = assertRejects(() => early, BrokerError, "it was not sent");
  await clock.advance(6_000);
  const late = addOne(coalescer, message("late"));
  await clock.advance(4_000);
  await gaveUp;
  store.open = true;
  store.answer(0);
  store.answer(1);
  assertEquals((await late).id, "late");
  await Promise.all(flying);
  assertEquals(store.batches.map((batch) => batch.map(({ id }) => id)), [["a"], ["b"], ["late"]]);
  assertEquals(clock.timers, 0, "no timer is left");
});

Deno.test("Coalescer.add() keeps what waits for long, as long as the store answers", async () => {
  const store = new Store(false);
  const clock = new FakeClock();
  const coalescer = new Coalescer(store.push, clock);
  const all = Promise.all(range(5_000).map((i) => addOne(coalescer, message(`m${i}`))));
  await turn();
  for (const batch of range(5)) {
    await clock.advance(9_000);
    store.answer(batch);
    await turn();
    await turn();
  }
  assertEquals((await all).length, 5_000);
});

Deno.test("Coalescer.add() refuses at once when very many wait for a store that hangs", async () => {
  const store = new Store(false);
  const clock = new FakeClock();
  const coalescer = new Coalescer(store.push, clock);
  const big = "x".repeat(1_000_000);
  const all = range(66).map((i) => addOne(coalescer, message(`m${i}`, big)));
  await turn();
  await clock.advance(1_000);
  await assertRejects(
    () => addOne(coalescer, message("one more")),
    BrokerError,
    "64 messages wait",
  );
  store.open = true;
  store.answer(0);
  store.answer(1);
  await Promise.all(all);
  assertEquals((await addOne(coalescer, message("later"))).id, "later");
});

Deno.test("Coalescer.add() tells one call of each of its messages, over several requests and beside others", async () => {
  const store = new Store();
  const coalescer = new Coalescer(store.push);
  const told: string[] = [];
  const all = Promise.withResolvers<void>();
  const first = addOne(coalescer, message("first"));
  const answered = ({ id }: PushReply, at: number) => {
    told[at] = id;
    if (at === 1_499) all.resolve();
  };
  coalescer.add(range(1_500).map((i) => message(`m${i}`)), answered, all.reject);
  await all.promise;
  assertEquals(store.sizes, [MAX_BATCH, 501]);
  assertEquals(told, range(1_500).map((i) => `m${i}`));
  assertEquals((await first).id, "first");
});
