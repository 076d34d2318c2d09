import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BrokerError, DeferError, MessageNotFoundError, PayloadTooLargeError } from "@dabba/queue";
import { type Kv, type KvOptions, KvUnsupportedError, openKv } from "@dabba/queue/kv-queue";
import { memoryBroker, testDabba } from "@dabba/queue/testing";
import { away, FaultyBroker } from "../worker/faulty_broker.ts";

const MINUTE = 60_000;

function open(options: KvOptions = {}): Promise<Kv> {
  return openKv({ broker: memoryBroker(), onError() {}, ...options });
}

Deno.test("KvQueue.enqueue() takes more retries than five, and longer waits than an hour", async () => {
  await using db = await open();
  await using kit = testDabba(db.dabba);
  const attempts: number[] = [];
  db.listenQueue((_, { attempt }) => {
    attempts.push(attempt);
    throw new Error("no");
  });
  const backoffSchedule = [1000, "1m", "1h", "2h", "1d", "1w", "4w"];
  await db.enqueue("x", { delay: "60d", backoffSchedule, keysIfUndelivered: [["k"]] });
  await kit.advance("59d");
  assertEquals(attempts, []);
  await kit.advance("37d");
  assertEquals(attempts, [1, 2, 3, 4, 5, 6, 7]);
  assertEquals((await db.get(["k"])).value, null);
  await kit.advance("1d");
  assertEquals([attempts.length, (await db.get(["k"])).value], [8, "x"]);
});

Deno.test("KvQueue.enqueue() follows Deno KV's default schedule", async () => {
  await using db = await open();
  const startAt = new Date("2026-01-01T00:00:00Z");
  await using kit = testDabba(db.dabba, { startAt });
  const at: number[] = [];
  db.listenQueue(() => {
    at.push(kit.now().getTime() - startAt.getTime());
    throw new Error("no");
  });
  await db.enqueue("x");
  await kit.advance("1h");
  assertEquals(at, [0, 100, 1_100, 6_100, 36_100, MINUTE + 36_100]);
});

Deno.test("Kv.queue() keeps queues apart, each with handlers of its own", async () => {
  await using db = await open();
  const got: string[] = [];
  const both = Promise.withResolvers<void>();
  const listen = (name: string) => (value: string) => {
    if (got.push(`${name}: ${value}`) === 3) both.resolve();
  };
  db.listenQueue(listen("default"));
  db.queue("mail").listenQueue(listen("mail"));
  db.queue("reports").listenQueue(listen("reports"));
  await db.enqueue("a");
  await db.queue("mail").enqueue("b");
  await db.queue("reports").enqueue("c");
  await both.promise;
  assertEquals(got.sort(), ["default: a", "mail: b", "reports: c"]);
  assertThrows(() => db.queue("a queue"), TypeError, "queue");
});

Deno.test("KvQueue.listenQueue() tells handlers the message's id and attempt", async () => {
  await using db = await open();
  const told = Promise.withResolvers<unknown[]>();
  db.listenQueue((value, { id, attempt, maxAttempts }) => {
    told.resolve([value, id, attempt, maxAttempts]);
  });
  const { versionstamp } = await db.enqueue("x", { backoffSchedule: [1, 2] });
  assertEquals(await told.promise, ["x", versionstamp, 1, 3]);
});

Deno.test("KvQueue.drainQueue() hands out what is due, then resolves", async () => {
  await using db = await open();
  for (const value of [1, 2]) await db.enqueue(value);
  await db.enqueue("later", { delay: "1h" });
  const got: number[] = [];
  const { succeeded, ended } = await db.drainQueue((value) => void got.push(value));
  assertEquals([got.sort(), succeeded, ended], [[1, 2], 2, "empty"]);
  await db.enqueue(3);
  assertEquals((await db.drainQueue(() => {}, { max: 1, budget: "5s" })).ended, "max");
});

Deno.test("KvQueue.listenQueue() hands a listener nothing more once its signal has aborted", async () => {
  await using db = await open();
  const stop = new AbortController();
  const got: string[] = [];
  const first = db.listenQueue(() => void got.push("first"), { signal: stop.signal });
  stop.abort();
  await first;
  const third = () => void got.push("third");
  await assertRejects(() => db.drainQueue(third, { concurrency: 0 }), RangeError);
  for (const value of [1, 2, 3]) await db.enqueue(value);
  await db.drainQueue(() => void got.push("second"));
  assertEquals(got, ["second", "second", "second"]);
});

Deno.test("Kv.drainQueue() takes the requests that it is given, and refuses too few", async () => {
  await using db = await open();
  const drain = (requests: number) => db.drainQueue(() => {}, { requests });
  await assertRejects(() => drain(1), RangeError, "Cannot drain with 1 requests");
  assertEquals((await drain(30)).ended, "empty");
});

Deno.test("KvOptions.onError hears of failures, and not of what a handler puts off", async () => {
  const heard: unknown[] = [];
  await using db = await open({ onError: (error) => void heard.push((error as Error).message) });
  for (const value of ["fails", "waits"]) await db.enqueue(value, { backoffSchedule: [] });
  const { dead, deferred } = await db.drainQueue((value) => {
    throw value === "fails" ? new Error("no") : new DeferError({ delay: "1h" });
  });
  assertEquals([dead, deferred, heard], [1, 1, ["no"]]);
});

Deno.test("a value that nobody listens to waits, whoever drains", async () => {
  await using db = await open();
  await using kit = testDabba(db.dabba);
  const { versionstamp } = await db.enqueue("x");
  await kit.advance("1h");
  const { state, attempts } = await db.dabba.status(versionstamp);
  assertEquals([state, attempts], ["scheduled", 0]);
});

Deno.test("a delivered value leaves next to nothing behind, and that for ten minutes", async () => {
  await using db = await open();
  await using kit = testDabba(db.dabba);
  db.listenQueue(() => {});
  const { versionstamp } = await db.enqueue("x");
  await kit.advance("9m");
  assertEquals((await db.dabba.status(versionstamp)).state, "succeeded");
  await kit.advance("2m");
  await assertRejects(() => db.dabba.status(versionstamp), MessageNotFoundError);
});

Deno.test("AtomicOperation.commit() stores all in one call of the store, or none", async () => {
  const store = memoryBroker();
  const broker = new FaultyBroker(store);
  const sizes: number[] = [];
  let down = true;
  broker.before = (call) => {
    if (call.operation !== "push") return;
    sizes.push(call.args[0].length);
    if (down) throw away("push");
  };
  await using db = await open({ broker });
  const operation = db.queue("mail").atomic().enqueue("a").enqueue("b", { delay: 5 });
  await assertRejects(() => operation.commit(), BrokerError);
  assertEquals((await store.stats()).queues, []);
  down = false;
  const { versionstamp } = await operation.commit();
  assertEquals([sizes, (await db.dabba.status(versionstamp)).queue], [[2, 2], "kv.mail"]);
  const full = db.atomic();
  for (let i = 0; i < 1_000; i++) full.enqueue(i);
  assertThrows(() => full.enqueue("one more"), TypeError, "1000");
});

Deno.test("Kv.get() and list() find undelivered values among many dead letters, of any queue", async () => {
  await using db = await open();
  for (let i = 0; i < 60; i++) {
    await db.queue("mail").enqueue(i, { backoffSchedule: [], keysIfUndelivered: [["m", i]] });
    await db.enqueue("dropped", { backoffSchedule: [] });
  }
  const fail = () => Promise.reject(new Error("no"));
  await db.queue("mail").drainQueue(fail);
  await db.drainQueue(fail);
  assertEquals((await db.get(["m", 0])).value, 0);
  const listed = [];
  for await (const { value } of db.list({ prefix: ["m"] })) listed.push(value);
  assertEquals(listed, Array.from({ length: 60 }, (_, i) => i));
  // Nothing is dropped: what no key names is a dead letter all the same.
  assertEquals((await db.dabba.inspect.dead()).total, 120);
});

Deno.test("an undelivered value can be sent round again, and is under its key no more", async () => {
  await using db = await open();
  await db.enqueue("x", { backoffSchedule: [], keysIfUndelivered: [["k"]] });
  await db.drainQueue(() => Promise.reject(new Error("no")));
  const { versionstamp } = await db.get(["k"]);
  assertEquals(await db.dabba.redrive({ id: versionstamp! }), 1);
  const got: string[] = [];
  await db.drainQueue((value) => void got.push(value));
  assertEquals([got, (await db.get(["k"])).value], [["x"], null]);
});

Deno.test("Kv.delete() refuses a value that is under other keys as well", async () => {
  await using db = await open();
  await db.enqueue("x", { backoffSchedule: [], keysIfUndelivered: [["a"], ["b"]] });
  await db.drainQueue(() => Promise.reject(new Error("no")));
  await assertRejects(() => db.delete(["a"]), KvUnsupportedError, "is under 2 keys");
  assertEquals((await db.get(["b"])).value, "x");
});

Deno.test("Kv throws KvUnsupportedError for data, and says what to do", async () => {
  await using db = await open();
  const atomic = db.atomic();
  const calls = [
    ...[() => db.set(["a"], 1), () => db.getMany([["a"]]), () => db.watch([["a"]])],
    ...[() => atomic.check({}), () => atomic.set(["a"], 1), () => atomic.delete(["a"])],
    ...[() => atomic.sum(["a"], 1n), () => atomic.min(["a"], 1n), () => atomic.max(["a"], 1n)],
    () => atomic.mutate({}),
  ];
  for (const call of calls) {
    const error = assertThrows(call, KvUnsupportedError, "keep data in a store of its own");
    assertEquals((error as KvUnsupportedError).code, "kv_unsupported");
  }
});

Deno.test("openKv() refuses what it cannot open", async () => {
  const broker = memoryBroker();
  await assertRejects(() => openKv(""), TypeError, "give a file");
  const remote = "https://api.deno.com/databases/x/connect";
  await assertRejects(() => openKv(remote), KvUnsupportedError, "redisBroker");
  await assertRejects(() => openKv("a.db", { broker }), TypeError, "give one of them");
  await assertRejects(() => openKv({ broker, onError: 1 as never }), TypeError, "onError");
  await assertRejects(() => openKv({ broker, payloadLimit: 0 }), RangeError, "payloadLimit");
});

Deno.test("Kv refuses bad handlers, keys and values before it asks the store", async () => {
  await using db = await open({ payloadLimit: 1_000 });
  await assertRejects(() => db.listenQueue(1 as never), TypeError, "handler must be a function");
  await assertRejects(
    () => db.listenQueue(() => {}, { concurrency: 0 }),
    RangeError,
    "concurrency",
  );
  await assertRejects(() => db.get([]), TypeError, "at least one part");
  await assertRejects(() => db.get("a" as never), TypeError, "expected an array");
  await assertRejects(() => db.list({ prefix: ["a"] }, { limit: 0 }).next(), TypeError, "limit");
  const options = { keysIfUndelivered: [[]] };
  await assertRejects(() => db.enqueue("x", options), TypeError, "keysIfUndelivered[0]");
  await assertRejects(() => db.enqueue("x".repeat(1_000)), PayloadTooLargeError);
});

Deno.test("Kv.close() leaves a broker that was given open, and ends its own", async () => {
  const broker = memoryBroker();
  const db = await openKv({ broker });
  const listening = db.listenQueue(() => {});
  await db.close();
  await listening;
  await broker.stats();
  await assertRejects(() => db.enqueue("x"), BrokerError, "open it again with openKv()");
  await assertRejects(() => db.atomic().enqueue("x").commit(), BrokerError, "is closed");
  await assertRejects(() => db.listenQueue(() => {}), BrokerError, "is closed");
  await db.close();
  const own = await openKv(":memory:");
  await own.enqueue("x");
  await own.close();
  await assertRejects(() => own.dabba.inspect.stats(), BrokerError, "the broker is closed");
});

Deno.test("Kv waits for running handlers when it is closed", async () => {
  const db = await open();
  const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let ended = false;
  db.listenQueue(async () => {
    begun.resolve();
    await end.promise;
    ended = true;
  });
  await db.enqueue("x");
  await begun.promise;
  const closing = db.close();
  end.resolve();
  await closing;
  assert(ended);
});

Deno.test("openKv() keeps its messages in a file, for the next process", async () => {
  const path = await Deno.makeTempFile({ suffix: ".db" });
  try {
    {
      await using db = await openKv(path);
      await db.enqueue(new Map([["kept", 1n]]));
    }
    await using db = await openKv(path);
    const got: unknown[] = [];
    await db.drainQueue((value) => void got.push(value));
    assertEquals(got, [new Map([["kept", 1n]])]);
  } finally {
    for (const end of ["", "-wal", "-shm"]) await Deno.remove(path + end).catch(() => {});
  }
});

Deno.test("a Kv may be held by `using`: its listeners end with the block", async () => {
  let listening: Promise<void>;
  {
    using db = await openKv(":memory:");
    listening = db.listenQueue(() => {});
    await db.enqueue("x");
  }
  await listening;
});
