import { assertEquals, assertObjectMatch, assertStringIncludes } from "@std/assert";
import { DeferError, defineTask, RejectError, RetryError } from "@dabba/queue";
import { z } from "zod";
import { Rig } from "./rig.ts";

const n = z.number();

Deno.test("Worker.run() runs a handler with its input and its context, and keeps its output", async () => {
  const seen: unknown[] = [];
  const add = defineTask("add", { input: n, backoff: ["1s", "2s"] }, (input, ctx) => {
    const { id, task, queue, attempt, maxAttempts, fence, enqueuedAt, signal } = ctx;
    seen.push([input, id, task, queue, attempt, maxAttempts, fence, enqueuedAt, signal.aborted]);
    return { sum: input + 1 };
  });
  await using rig = new Rig({ add });
  const receipt = await rig.tasks.add.enqueue(41, { id: "m1" });
  const running = rig.run();
  await rig.until("succeeded");
  const enqueuedAt = new Date(rig.clock.store());
  assertEquals(seen, [[41, "m1", "add", "default", 1, 3, 1, enqueuedAt, false]]);
  assertEquals(await receipt.result(), { sum: 42 });
  assertObjectMatch(await running.stop(), { claimed: 1, succeeded: 1, retried: 0, dead: 0 });
});

Deno.test("Worker.run() repeats a failing handler at the times that the message says", async () => {
  const started: number[] = [];
  const fail = defineTask("fail", { input: n, backoff: ["1m", "5m", "15m"] }, (_, ctx) => {
    started.push(rig.clock.now());
    throw new TypeError(`attempt ${ctx.attempt}`);
  });
  await using rig = new Rig({ fail });
  const receipt = await rig.tasks.fail.enqueue(1);
  const running = rig.run();
  await rig.until("dead");
  await running.stop();
  const waits = started.slice(1).map((at, i) => Math.round((at - started[i]!) / 1000));
  assertEquals(waits, [60, 300, 900]);
  assertEquals(rig.all("retried").map((event) => event.delayMs), [60_000, 300_000, 900_000]);
  const { state, attempts, error, history } = await receipt.status();
  assertEquals([state, attempts, error?.name, error?.message], [
    ...["dead", 4, "TypeError", "attempt 4"],
  ]);
  assertEquals(history.map(({ attempt, kind }) => `${attempt} ${kind}`), [
    ...["1 failed", "2 failed", "3 failed", "4 failed"],
  ]);
});

Deno.test("Worker.run() keeps to the plan in the message when the deploy has another", async () => {
  const old = defineTask("fail", { input: n, backoff: ["7s"] }, () => {});
  const next = defineTask("fail", { input: n, backoff: [] }, () => {
    throw new Error("no");
  });
  await using rig = new Rig({ fail: old });
  await rig.tasks.fail.enqueue(1);
  const running = rig.run({}, { fail: next });
  assertEquals((await rig.until("retried")).delayMs, 7_000);
  await rig.until("dead");
  await running.stop();
});

Deno.test("RetryError has the next attempt come after its delay, and the last one stays the last", async () => {
  const busy = defineTask("busy", { input: n, backoff: ["1m"] }, () => {
    throw new RetryError({ delay: "3s", message: "429", cause: new Error("busy") });
  });
  await using rig = new Rig({ busy });
  const receipt = await rig.tasks.busy.enqueue(1);
  const running = rig.run();
  assertEquals((await rig.until("retried")).delayMs, 3_000);
  await rig.until("dead");
  await running.stop();
  assertObjectMatch(await receipt.status(), {
    state: "dead",
    attempts: 2,
    error: { message: "429" },
  });
});

Deno.test("DeferError puts a message off and spends no attempt", async () => {
  const attempts: number[] = [];
  const later = defineTask("later", { input: n, backoff: [] }, (_, { attempt, fence }) => {
    attempts.push(attempt);
    if (fence < 4) throw new DeferError({ delay: "10s" });
    return "done";
  });
  await using rig = new Rig({ later });
  const receipt = await rig.tasks.later.enqueue(1);
  const running = rig.run();
  await rig.until("succeeded");
  const summary = await running.stop();
  assertEquals(attempts, [1, 1, 1, 1]);
  assertEquals(rig.clock.now() >= 30_000, true);
  assertObjectMatch(summary, { claimed: 4, deferred: 3, succeeded: 1, retried: 0, handedBack: 0 });
  assertObjectMatch(await receipt.status(), { state: "succeeded", attempts: 1, history: [] });
});

Deno.test("DeferError with a delay that cannot be read fails the attempt", async () => {
  const later = defineTask("later", { input: n, backoff: [] }, () => {
    throw new DeferError({ delay: "soon" });
  });
  await using rig = new Rig({ later });
  const receipt = await rig.tasks.later.enqueue(1);
  const running = rig.run();
  await rig.until("dead");
  await running.stop();
  assertObjectMatch(await receipt.status(), { state: "dead", attempts: 1 });
});

Deno.test("RejectError sends a message to the dead letters at once", async () => {
  const no = defineTask("no", { input: n, backoff: ["1s", "1s"] }, () => {
    throw new RejectError("unknown account", { cause: new Error("404") });
  });
  await using rig = new Rig({ no });
  const receipt = await rig.tasks.no.enqueue(1);
  const running = rig.run();
  await rig.until("dead");
  await running.stop();
  assertObjectMatch(await receipt.status(), {
    state: "dead",
    attempts: 1,
    error: { name: "RejectError", message: "unknown account" },
    history: [{ kind: "rejected", attempt: 1 }],
  });
});

Deno.test("Worker.run() aborts a handler at its timeout, and its late outcome counts for nothing", async () => {
  const late = Promise.withResolvers<string>();
  const reasons: unknown[] = [];
  const slow = defineTask("slow", { input: n, timeout: "5s", backoff: ["1s"] }, (_, ctx) => {
    ctx.signal.addEventListener("abort", () => reasons.push(ctx.signal.reason.name));
    return ctx.attempt === 1 ? late.promise : "second";
  });
  await using rig = new Rig({ slow });
  const receipt = await rig.tasks.slow.enqueue(1);
  const running = rig.run();
  const { error, durationMs } = await rig.until("retried");
  assertEquals([error.name, durationMs >= 5_000], ["TaskTimeoutError", true]);
  late.resolve("first");
  await rig.until("succeeded");
  await running.stop();
  assertEquals(reasons, ["TaskTimeoutError"]);
  assertEquals(await receipt.result(), "second");
  assertObjectMatch(await receipt.status(), { attempts: 2, history: [{ kind: "timed_out" }] });
});

Deno.test("Worker.run() fails an attempt whose output does not fit the schema", async () => {
  const bad = defineTask("bad", {
    input: n,
    output: z.object({ ok: z.literal(true) }),
    backoff: [],
  });
  const handler = bad.handler((() => ({ ok: "yes" })) as never);
  await using rig = new Rig({ handler });
  const receipt = await rig.tasks.handler.enqueue(1);
  const running = rig.run();
  await rig.until("dead");
  await running.stop();
  const { error, history } = await receipt.status();
  assertEquals([error?.name, history[0]?.kind], ["ValidationError", "failed"]);
  assertEquals(error?.issues?.[0]?.path, ["ok"]);
});

Deno.test("Worker.run() fails an attempt whose output is not JSON", async () => {
  const big = defineTask("big", { input: n, backoff: [] }, () => ({ id: 10n }));
  await using rig = new Rig({ big });
  const receipt = await rig.tasks.big.enqueue(1);
  const running = rig.run();
  await rig.until("dead");
  await running.stop();
  const { error } = await receipt.status();
  assertEquals(error?.name, "UnserialisableError");
  assertStringIncludes(error?.message ?? "", `at "id"`);
});

Deno.test("Worker.run() gives the handler what the schema makes of the input", async () => {
  const input = z.object({ at: z.coerce.date(), times: z.number().default(3) });
  const seen: unknown[] = [];
  const parse = defineTask("parse", { input }, (given) => void seen.push(given));
  await using rig = new Rig({ parse });
  await rig.tasks.parse.enqueue({ at: new Date(0) });
  const running = rig.run();
  await rig.until("succeeded");
  await running.stop();
  assertEquals(seen, [{ at: new Date(0), times: 3 }]);
});
