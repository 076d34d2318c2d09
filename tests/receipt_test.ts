import { assert, assertEquals, assertObjectMatch, assertRejects } from "@std/assert";
import {
  Dabba,
  DabbaError,
  defineTask,
  MessageNotFoundError,
  type MessageStatus,
  RejectError,
  ResultTimeoutError,
  TaskFailedError,
  UnknownTaskError,
  ValidationError,
} from "@dabba/queue";
import { z } from "zod";
import { Rig } from "./worker/rig.ts";

const n = z.number();
const HOUR_MS = 3_600_000;

/** A rig with one task of each ending. */
function endings() {
  const double = defineTask("double", { input: n, output: z.object({ twice: n }) }, (input) => {
    return { twice: input * 2 };
  });
  const loose = defineTask("loose", { input: n }, (input) => [input, "text"] as const);
  const parsed = defineTask("parsed", {
    input: n,
    output: z.object({ at: z.string().transform((text) => new Date(text)) }),
  }, () => ({ at: "2030-01-01T00:00:00.000Z" }));
  const silent = defineTask("silent", { input: n, output: z.void() }, () => {});
  const failing = defineTask("failing", { input: n, backoff: [] }, (): string => {
    throw new RejectError("unknown account");
  });
  return new Rig({ double, loose, parsed, silent, failing });
}

Deno.test("Receipt.result() gives the output, as the output schema parses it", async () => {
  await using rig = endings();
  const { double, loose, parsed, silent } = rig.tasks;
  const receipts = [
    await double.enqueue(21),
    await loose.enqueue(1),
    await parsed.enqueue(1),
    await silent.enqueue(1),
  ];
  await rig.clock.until(rig.worker().drain());
  const results = await Promise.all(receipts.map((receipt) => receipt.result()));
  const at = new Date("2030-01-01T00:00:00.000Z");
  assertEquals(results, [{ twice: 42 }, [1, "text"], { at }, undefined]);
});

Deno.test("Receipt.result() throws a TaskFailedError whose cause is the handler's error", async () => {
  await using rig = endings();
  const receipt = await rig.tasks.failing.enqueue(1);
  await rig.clock.until(rig.worker().drain());
  const error = await assertRejects(() => receipt.result(), TaskFailedError, "unknown account");
  const { id, task, state, attempts, code } = error;
  assertEquals([id, task, state, attempts, code], [
    ...[receipt.id, "failing", "dead", 1, "task_failed"],
  ]);
  const cause = error.cause as Error;
  assertEquals([cause.name, cause.message], ["RejectError", "unknown account"]);
  assert(cause.stack?.includes("receipt_test.ts"));
});

Deno.test("Receipt.result() throws a TaskFailedError whose cause has a schema's issues", async () => {
  const picky = defineTask("picky", { input: n, output: z.object({ a: z.string() }), backoff: [] });
  const task = picky.handler((() => ({ a: 7 })) as never);
  await using rig = new Rig({ task });
  const receipt = await rig.tasks.task.enqueue(1);
  await rig.clock.until(rig.worker().drain());
  const { cause } = await assertRejects(() => receipt.result(), TaskFailedError);
  assertObjectMatch(cause as object as Record<string, unknown>, {
    name: "ValidationError",
    issues: [{ path: ["a"] }],
  });
});

Deno.test("Receipt.result() throws a TaskFailedError for what was cancelled, and what expired", async () => {
  await using rig = endings();
  const cancelled = await rig.tasks.double.enqueue(1);
  await rig.dabba.cancel(cancelled.id);
  const expired = await rig.tasks.double.enqueue(1, { expiresIn: "1m" });
  rig.clock.leap(61_000);
  await rig.clock.until(rig.worker().drain());
  const errors = await Promise.all(
    [cancelled, expired].map((receipt) => assertRejects(() => receipt.result(), TaskFailedError)),
  );
  assertEquals(errors.map(({ state }) => state), ["cancelled", "expired"]);
});

Deno.test("Receipt.result() waits for an outcome to come", async () => {
  await using rig = endings();
  const receipt = await rig.tasks.double.enqueue(4);
  const result = receipt.result({ timeout: "10s" });
  await rig.clock.until(rig.worker().drain());
  assertEquals(await result, { twice: 8 });
});

Deno.test("Receipt.result() gives up in time, and looks at least once", async () => {
  await using rig = endings();
  const receipt = await rig.tasks.double.enqueue(4);
  const error = await assertRejects(() => receipt.result({ timeout: 120 }), ResultTimeoutError);
  assertEquals([error.id, error.timeoutMs], [receipt.id, 120]);
  await assertRejects(() => receipt.result({ timeout: 0 }), ResultTimeoutError);
  await rig.clock.until(rig.worker().drain());
  assertEquals(await receipt.result({ timeout: 0 }), { twice: 8 });
});

for (const timeout of ["soon", -1, NaN, Infinity] as const) {
  Deno.test(`Receipt.result() refuses the timeout ${timeout}`, async () => {
    await using rig = endings();
    const receipt = await rig.tasks.double.enqueue(4);
    await assertRejects(() => receipt.result({ timeout }), Error, "timeout");
    assertEquals(rig.broker.count("read"), 0);
  });
}

Deno.test("Receipt.result() ends at once with the reason of its signal", async () => {
  await using rig = endings();
  const receipt = await rig.tasks.double.enqueue(4);
  const before = AbortSignal.abort(new RangeError("before"));
  await assertRejects(() => receipt.result({ signal: before }), RangeError, "before");
  const controller = new AbortController();
  const waiting = receipt.result({ signal: controller.signal });
  setTimeout(() => controller.abort(new RangeError("meanwhile")), 20);
  const begunAt = performance.now();
  await assertRejects(() => waiting, RangeError, "meanwhile");
  assert(performance.now() - begunAt < 500);
});

Deno.test("Receipt.result() ends at once when its signal aborts while it looks", async () => {
  await using rig = endings();
  const receipt = await rig.tasks.double.enqueue(4);
  const controller = new AbortController();
  let abortedAt = 0;
  rig.broker.after = () => {
    // By then the pause between two looks has grown to 380 ms.
    if (rig.broker.count("read") < 6) return;
    abortedAt = performance.now();
    controller.abort(new RangeError("while it looks"));
  };
  const waiting = receipt.result({ signal: controller.signal });
  await assertRejects(() => waiting, RangeError, "while it looks");
  assertEquals(rig.broker.count("read"), 6);
  assert(performance.now() - abortedAt < 200);
});

Deno.test("Receipt.status() and result() say so when the message is forgotten", async () => {
  await using rig = endings();
  const receipt = await rig.tasks.double.enqueue(4);
  await rig.clock.until(rig.worker().drain());
  rig.clock.leap(HOUR_MS + 1);
  await assertRejects(() => receipt.status(), MessageNotFoundError, receipt.id);
  await assertRejects(() => receipt.result(), MessageNotFoundError);
  await assertRejects(() => rig.dabba.status("unknown"), MessageNotFoundError, "unknown");
});

Deno.test("Receipt.result() of a message that retains nothing says that there is no output", async () => {
  await using rig = endings();
  const checked = await rig.tasks.double.enqueue(4, { retain: 0 });
  const loose = await rig.tasks.loose.enqueue(4, { retain: 0 });
  await rig.clock.until(rig.worker().drain());
  assertObjectMatch(await checked.status(), { state: "succeeded", task: "double" });
  await assertRejects(() => checked.result(), MessageNotFoundError);
  assertEquals(await loose.result(), undefined);
  rig.clock.leap(600_001);
  await assertRejects(() => checked.status(), MessageNotFoundError);
});

Deno.test("Receipt.result() fails when the output no longer fits the schema of this release", async () => {
  await using rig = endings();
  const receipt = await rig.tasks.double.enqueue(4);
  await rig.clock.until(rig.worker().drain());
  const stricter = defineTask("double", { input: n, output: z.object({ twice: z.string() }) });
  const dabba = new Dabba({ broker: rig.broker, tasks: { stricter } });
  await assertRejects(() => dabba.result(receipt.id), ValidationError, "output");
});

Deno.test("Dabba.result() finds the schema by the message's task", async () => {
  await using rig = endings();
  const { id } = await rig.tasks.double.enqueue(4);
  await rig.clock.until(rig.worker().drain());
  assertEquals(await rig.dabba.result(id), { twice: 8 });
  const other = defineTask("other", { input: n }, () => {});
  const dabba = new Dabba({ broker: rig.broker, tasks: { other } });
  await assertRejects(() => dabba.result(id), UnknownTaskError, "double");
});

Deno.test("MessageStatus is told in every state, and reads the same after JSON", async () => {
  await using rig = endings();
  const told: [string, MessageStatus][] = [];
  const note = async (id: string) => {
    const status = await rig.dabba.status(id);
    told.push([status.state, status]);
  };
  const { id } = await rig.tasks.double.enqueue(1, { delay: "1m", queue: "q", priority: "high" });
  await note(id);
  rig.clock.leap(60_000);
  await note(id);
  await rig.clock.until(rig.worker({ queues: ["q"], name: "w1" }).drain());
  await note(id);
  assertEquals(told.map(([state]) => state), ["scheduled", "ready", "succeeded"]);
  const about = { id, task: "double", queue: "q", priority: "high", crashes: 0, history: [] };
  const enqueuedAt = new Date(1_790_000_000_000).toISOString();
  const at = new Date(1_790_000_060_000).toISOString();
  const plan = { maxAttempts: 4, backoff: [60_000, 300_000, 900_000] };
  const plain = told.map(([, status]) => JSON.parse(JSON.stringify(status)));
  assertEquals(plain[0], {
    ...{ ...about, ...plan, state: "scheduled", attempts: 0, enqueuedAt, nextAttemptAt: at },
  });
  assertEquals(plain[1], { ...about, ...plan, state: "ready", attempts: 0, enqueuedAt });
  assertEquals(plain[2], {
    ...{ ...about, state: "succeeded", attempts: 1, enqueuedAt, finishedAt: at, worker: "w1" },
    output: { twice: 2 },
  });
});

Deno.test("DabbaError carries a code, a name and its cause", async () => {
  await using rig = endings();
  const error = await assertRejects(() => rig.dabba.status("unknown"), DabbaError);
  assertEquals([error.code, error.name], ["message_not_found", "MessageNotFoundError"]);
  assertEquals(String(error), `MessageNotFoundError: ${error.message}`);
});
