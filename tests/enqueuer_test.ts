import { assert, assertEquals, assertObjectMatch, assertRejects } from "@std/assert";
import {
  BrokerError,
  Dabba,
  type DabbaOptions,
  defineTask,
  type EnqueueOptions,
  PayloadTooLargeError,
  type TaskTree,
  UnserialisableError,
  ValidationError,
} from "@dabba/queue";
import { sqliteBroker } from "@dabba/queue/sqlite";
import { z } from "zod";
import { decodeEnvelope } from "../src/message/envelope.ts";
import { breaking, FaultyBroker } from "./worker/faulty_broker.ts";

const NOW_MS = 1_790_000_000_000;
const note = defineTask("note", { input: z.object({ text: z.string() }) }, () => {});
const range = (count: number) => Array.from({ length: count }, (_, i) => i);

/** A Dabba on a store in memory whose clock stands still. */
function open<T extends TaskTree>(tasks: T, options: Partial<DabbaOptions<T>> = {}) {
  const broker = new FaultyBroker(sqliteBroker({ path: ":memory:", clock: () => NOW_MS }));
  return Object.assign(new Dabba({ broker, tasks, ...options }), { broker });
}

/** What the last push carried. */
function lastPush({ broker }: { broker: FaultyBroker }) {
  const call = broker.calls.findLast(({ operation }) => operation === "push");
  if (call?.operation !== "push") throw new Error("Nothing was pushed");
  return call.args[0];
}

Deno.test("BoundTask.enqueue() resolves with a receipt once the store has the message", async () => {
  await using dabba = open({ note });
  const receipt = await dabba.tasks.note.enqueue({ text: "a" });
  assertEquals([receipt.task, receipt.disposition], ["note", "enqueued"]);
  assert(/^[\w-]{22}$/.test(receipt.id));
  const status = await receipt.status();
  assertEquals([status.state, status.enqueuedAt.getTime()], ["ready", NOW_MS]);
});

Deno.test("BoundTask.enqueue() puts the messages of one turn into one push", async () => {
  await using dabba = open({ note });
  const receipts = await Promise.all(
    range(500).map((i) => dabba.tasks.note.enqueue({ text: `${i}` })),
  );
  assertEquals(dabba.broker.count("push"), 1);
  assertEquals(new Set(receipts.map(({ id }) => id)).size, 500);
});

Deno.test("BoundTask.enqueue() costs a few pushes for 10,000 requests at once", async () => {
  await using dabba = open({ note });
  // As over a network; what comes meanwhile waits for the next one.
  dabba.broker.before = () => new Promise((resolve) => setTimeout(resolve, 5));
  await Promise.all(
    range(10_000).map(async (i) => {
      for (let turn = 0; turn < i % 3; turn++) {
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      await dabba.tasks.note.enqueue({ text: `${i}` });
    }),
  );
  const pushes = dabba.broker.count("push");
  assert(pushes >= 10 && pushes <= 60, `${pushes} pushes`);
  assertEquals((await dabba.inspect.stats()).queues[0]?.ready, 10_000);
});

Deno.test("BoundTask.enqueue() puts different tasks and options of one turn into one push", async () => {
  const other = defineTask("other", { input: z.number(), queue: "q2" }, () => {});
  await using dabba = open({ note, group: { other } });
  await Promise.all([
    dabba.tasks.note.enqueue({ text: "a" }, { priority: "high" }),
    dabba.tasks.group.other.enqueue(1),
    dabba.tasks.note.enqueueMany([{ text: "b" }, { text: "c" }], { delay: "1m" }),
    dabba.task("note").enqueue({ text: "d" }),
  ]);
  assertEquals([dabba.broker.count("push"), lastPush(dabba).length], [1, 5]);
});

// deno-lint-ignore no-explicit-any
const bad: [string, unknown, abstract new (...args: any[]) => Error][] = [
  ["input that its schema refuses", { text: 7 }, ValidationError],
  ["input that is cyclic", cyclic(), UnserialisableError],
  ["input with a BigInt", { text: 10n }, UnserialisableError],
  ["a function", () => {}, UnserialisableError],
  ["nothing", undefined, UnserialisableError],
  ["input beyond the limit", { text: "x".repeat(262_144) }, PayloadTooLargeError],
];

function cyclic(): unknown {
  const value: Record<string, unknown> = { text: "a" };
  value.self = value;
  return value;
}

for (const [what, input, Kind] of bad) {
  Deno.test(`BoundTask.enqueue() refuses ${what}, and asks nothing of the store`, async () => {
    await using dabba = open({ note });
    await assertRejects(() => dabba.tasks.note.enqueue(input as never), Kind);
    assertEquals(dabba.broker.calls.length, 0);
  });

  Deno.test(`BoundTask.enqueueMany() stores none of many when one is ${what}`, async () => {
    await using dabba = open({ note });
    const inputs = [{ text: "a" }, input, { text: "b" }] as never;
    await assertRejects(() => dabba.tasks.note.enqueueMany(inputs), Kind);
    assertEquals(dabba.broker.calls.length, 0);
  });
}

Deno.test("BoundTask.enqueueMany() says which input is bad, and of which task", async () => {
  await using dabba = open({ note });
  const refusal = (input: unknown) =>
    dabba.tasks.note.enqueueMany([{ text: "a" }, input as { text: string }]).catch((error) =>
      error
    );
  const invalid = await refusal({ text: 7 });
  assertEquals(invalid.issues[0].path, [1, "text"]);
  assert(invalid.message.startsWith('Invalid input of task "note" at "1.text": '), invalid.message);
  const unserialisable = await refusal({ text: 1n });
  assertEquals(unserialisable.path, [1, "text"]);
  assertEquals(
    unserialisable.message,
    'Cannot send input of task "note" at "1.text" as JSON: ' +
      "a BigInt is not JSON; send it as a string",
  );
  const large = await refusal({ text: "x".repeat(262_144) });
  assertEquals(large.index, 1);
  assert(large.message.startsWith('Cannot enqueue task "note": payload 1 is 262,'), large.message);
});

Deno.test("BoundTask.enqueueMany() takes whatever can be iterated, and rejects what cannot", async () => {
  await using dabba = open({ note });
  const inputs = new Set([{ text: "a" }, { text: "b" }]);
  assertEquals((await dabba.tasks.note.enqueueMany(inputs as never)).length, 2);
  assertEquals(await dabba.tasks.note.enqueueMany([]), []);
  await assertRejects(() => dabba.tasks.note.enqueueMany(undefined as never), TypeError);
  assertEquals(dabba.broker.count("push"), 1);
});

Deno.test("BoundTask.enqueue() names the task whose input is undefined", async () => {
  await using dabba = open({ note });
  const error = await assertRejects(() => dabba.tasks.note.enqueue(undefined as never));
  assertEquals(
    (error as Error).message,
    'Cannot send input of task "note" as JSON: a value of type undefined is not JSON',
  );
});

Deno.test("BoundTask.enqueueMany() tells of what is stored when a later request fails", async () => {
  await using dabba = open({ note });
  const told: string[] = [];
  const stored = Promise.withResolvers<void>();
  dabba.on("enqueued", ({ id }) => {
    if (told.push(id) === 1_000) stored.resolve();
  });
  let pushes = 0;
  dabba.broker.before = async ({ operation }) => {
    if (operation !== "push" || ++pushes < 2) return;
    await stored.promise;
    throw new Error("the second");
  };
  const inputs = range(1_500).map((i) => ({ text: `${i}` }));
  await assertRejects(() => dabba.tasks.note.enqueueMany(inputs), Error, "the second");
  assertEquals(told.length, 1_000);
});

Deno.test("BoundTask.enqueueMany() leaves no rejection unheard when several inputs are bad", async () => {
  const late = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: async (value: unknown) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        return value === "good" ? { value: "good" } : { issues: [{ message: `not ${value}` }] };
      },
    },
  } as const;
  const task = defineTask("late", { input: late }, () => {});
  await using dabba = open({ task });
  const inputs = ["bad", "good", 10n as never, "worse"];
  await assertRejects(() => dabba.tasks.task.enqueueMany(inputs as never), UnserialisableError);
  await assertRejects(() => dabba.tasks.task.enqueueMany(["bad", "worse"]), ValidationError);
  // Long enough for the validators: an unheard rejection fails the file.
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(dabba.broker.calls.length, 0);
});

Deno.test("PayloadTooLargeError counts bytes of UTF-8, to the byte", async () => {
  await using dabba = open({ note }, { payloadLimit: 100 });
  const fits = { text: "\u00E9".repeat(44) + "x" };
  assertEquals(new TextEncoder().encode(JSON.stringify(fits)).length, 100);
  await dabba.tasks.note.enqueue(fits);
  const over = { text: fits.text + "x" };
  const error = await assertRejects(() => dabba.tasks.note.enqueue(over), PayloadTooLargeError);
  assertEquals([error.bytes, error.limit, error.task, error.code], [
    ...[101, 100, "note", "payload_too_large"],
  ]);
  assertEquals(dabba.broker.count("push"), 1);
});

const stored: [string, EnqueueOptions, Record<string, unknown>][] = [
  ["nothing", {}, { queue: "default", priority: "normal", delayMs: 0, expiresInMs: 0, nonce: "-" }],
  ["a delay", { delay: "90s" }, { delayMs: 90_000 }],
  ["an instant", { at: new Date(NOW_MS + 5) }, { dueAtMs: NOW_MS + 5, delayMs: 0 }],
  ["an instant before 1970", { at: new Date(-1) }, { dueAtMs: 0 }],
  ["an expiry", { expiresIn: "1h" }, { expiresInMs: 3_600_000 }],
  ["a key", { dedupe: { key: "k", ttl: "1m" } }, { dedupe: { key: "note k", ttlMs: 60_000 } }],
  ["an id", { id: "order:7" }, { id: "order:7" }],
  ["a lane", { priority: "low" }, { priority: "low" }],
  ["a queue", { queue: "mail" }, { queue: "mail" }],
];

for (const [what, options, push] of stored) {
  Deno.test(`BoundTask.enqueue() stores a message with ${what}`, async () => {
    await using dabba = open({ note });
    await dabba.tasks.note.enqueue({ text: "a" }, options);
    assertObjectMatch(lastPush(dabba)[0]!, push);
  });
}

Deno.test("BoundTask.enqueue() writes the plan into the message: the task's, then the enqueue's", async () => {
  const plan = { backoff: ["1s"], timeout: "1m", retain: "2h", maxCrashes: 3 } as const;
  const planned = defineTask("planned", { input: z.number(), ...plan }, () => {});
  await using dabba = open({ planned });
  await dabba.tasks.planned.enqueue(1);
  const given = {
    timeoutMs: 60_000,
    retainMs: 7_200_000,
    keepMs: 7_200_000,
    maxCrashes: 3,
    input: "1",
  };
  const [first] = lastPush(dabba);
  assertEquals(decodeEnvelope(first!.body), { task: "planned", backoff: [1_000], ...given });
  const backoff = { type: "fixed", delay: "2s", maxAttempts: 4, jitter: "none" } as const;
  await dabba.tasks.planned.enqueue(1, { backoff, timeout: "5s", retain: 0, maxCrashes: 9 });
  const [second] = lastPush(dabba);
  assertEquals(decodeEnvelope(second!.body), {
    task: "planned",
    backoff: { k: "f", d: 2_000, c: 2_000, n: 3, j: 0 },
    ...{ timeoutMs: 5_000, retainMs: 0, keepMs: 0, maxCrashes: 9, input: "1" },
  });
});

const refused: [string, EnqueueOptions, typeof TypeError | typeof RangeError, string][] = [
  ["a delay and an instant", { delay: 1, at: new Date() }, TypeError, "delay and at"],
  ["a negative delay", { delay: -1 }, RangeError, "delay"],
  ["a delay that cannot be read", { delay: "soon" }, TypeError, "delay"],
  ["an invalid date", { at: new Date(NaN) }, TypeError, "at"],
  [
    "an instant after 2254",
    { at: new Date(Date.UTC(2255, 0, 1, 0, 0, 1)) },
    RangeError,
    "year 2255",
  ],
  ["an instant as text", { at: "2030-01-01" as never }, TypeError, "at"],
  ["an expiry before it is due", { delay: "2m", expiresIn: "1m" }, RangeError, "expiresIn"],
  ["an expiry at once", { expiresIn: 0 }, RangeError, "expiresIn"],
  ["an empty key", { dedupe: { key: "", ttl: 1 } }, TypeError, "dedupe.key"],
  ["a long key", { dedupe: { key: "k".repeat(257), ttl: 1 } }, TypeError, "dedupe.key"],
  ["a key that is no text", { dedupe: { key: 7 as never, ttl: 1 } }, TypeError, "dedupe.key"],
  ["a key for no time", { dedupe: { key: "k", ttl: 0 } }, RangeError, "dedupe.ttl"],
  ["a key of half a character", { dedupe: { key: "\uD800", ttl: 1 } }, TypeError, "dedupe.key"],
  ["an empty id", { id: "" }, TypeError, "message id"],
  ["an id with a slash", { id: "a/b" }, TypeError, "message id"],
  ["an id of 65 characters", { id: "x".repeat(65) }, TypeError, "message id"],
  ["an id with a line break", { id: "a\n" }, TypeError, "message id"],
  ["an id that is no text", { id: 7 as never }, TypeError, "message id"],
  ["a queue with a brace", { queue: "{q}" }, TypeError, "queue"],
  ["an unknown lane", { priority: "urgent" as never }, TypeError, "priority"],
  ["a lane of every object", { priority: "toString" as never }, TypeError, "priority"],
  ["no timeout", { timeout: 0 }, RangeError, "timeout"],
  ["a timeout without end", { timeout: Infinity }, RangeError, "timeout"],
  ["a retention of a century", { retain: "5200w" }, RangeError, "retain"],
  ["no crash at all", { maxCrashes: 0 }, RangeError, "maxCrashes"],
  ["a backoff of no kind", { backoff: { type: "toString" } as never }, TypeError, "backoff"],
];

for (const [what, options, Kind, part] of refused) {
  Deno.test(`BoundTask.enqueue() refuses ${what}, and asks nothing of the store`, async () => {
    await using dabba = open({ note });
    await assertRejects(() => dabba.tasks.note.enqueue({ text: "a" }, options), Kind, part);
    await assertRejects(() => dabba.tasks.note.enqueueMany([{ text: "a" }], options), Kind, part);
    assertEquals(dabba.broker.calls.length, 0);
  });
}

Deno.test("BoundTask.enqueue() gives the loser of a key the winner's id", async () => {
  await using dabba = open({ note });
  const dedupe = { key: "user-7", ttl: "1m" };
  const winner = await dabba.tasks.note.enqueue({ text: "a" }, { dedupe });
  const loser = await dabba.tasks.note.enqueue({ text: "b" }, { dedupe });
  assertEquals([loser.id, loser.disposition], [winner.id, "duplicate"]);
  const same = await Promise.all(
    range(5).map(() => dabba.tasks.note.enqueue({ text: "c" }, { dedupe })),
  );
  assertEquals(new Set(same.map(({ id }) => id)), new Set([winner.id]));
});

Deno.test("BoundTask.enqueueMany() takes no id for many, and one for one", async () => {
  await using dabba = open({ note });
  const many = [{ text: "a" }, { text: "b" }];
  await assertRejects(() => dabba.tasks.note.enqueueMany(many, { id: "m" }), TypeError, "one id");
  const [one] = await dabba.tasks.note.enqueueMany([{ text: "a" }], { id: "m" });
  assertEquals(one!.id, "m");
  assertEquals(await dabba.tasks.note.enqueueMany([]), []);
});

Deno.test("BoundTask.enqueueMany() gives the receipts in the order of the inputs", async () => {
  await using dabba = open({ note });
  const receipts = await dabba.tasks.note.enqueueMany(range(2_500).map((i) => ({ text: `${i}` })));
  assertEquals(dabba.broker.count("push"), 3);
  const records = await dabba.broker.read(receipts.slice(2_400).map(({ id }) => id));
  const texts = records.map((record) => JSON.parse(decodeEnvelope(record!.body).input).text);
  assertEquals(texts, range(100).map((i) => `${2_400 + i}`));
});

Deno.test("BoundTask.enqueue() fails with the store's error, and only those of its push", async () => {
  await using dabba = open({ note });
  const refusal = () =>
    new BrokerError("push", "the store is full", { retryable: true, full: true });
  dabba.broker.before = breaking(1, { only: () => true, error: refusal });
  const [lost] = await Promise.allSettled([dabba.tasks.note.enqueue({ text: "a" })]);
  assertObjectMatch(lost, { status: "rejected", reason: { full: true, code: "broker" } });
  assertEquals((await dabba.tasks.note.enqueue({ text: "b" })).disposition, "enqueued");
});

Deno.test("BoundTask.enqueue() refuses an option that there is none of, and sends nothing", async () => {
  await using dabba = open({ note });
  const mistyped = { dealy: "1h" } as EnqueueOptions;
  const error = await assertRejects(
    () => dabba.tasks.note.enqueue({ text: "a" }, mistyped),
    TypeError,
    'Cannot enqueue "note": there is no option "dealy"',
  );
  assert(error.message.includes("delay, at, expiresIn"), error.message);
  await assertRejects(() => dabba.tasks.note.enqueueMany([{ text: "a" }], mistyped), TypeError);
  assertEquals(dabba.broker.calls, []);
});
