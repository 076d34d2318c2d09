import { assertEquals, assertObjectMatch } from "@std/assert";
import { defineTask, type TaskContext } from "@dabba/queue";
import { z } from "zod";
import { Rig } from "./rig.ts";

const n = z.number();

Deno.test("Worker.run() times out an attempt whose schema never answers", async () => {
  let asked = 0;
  const once = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value: unknown) =>
        asked++ === 0 ? { value: value as number } : new Promise<never>(() => {}),
    },
  } as const;
  const stuck = defineTask("stuck", { input: once, timeout: "5s", backoff: [] }, () => "no");
  await using rig = new Rig({ stuck });
  const receipt = await rig.tasks.stuck.enqueue(1);
  const running = rig.run();
  await rig.until("dead");
  await running.stop();
  assertObjectMatch(await receipt.status(), { error: { name: "TaskTimeoutError" } });
});

Deno.test("Worker.run() waits for any thenable that a handler returns", async () => {
  const rows = { then: (resolve: (value: string) => void) => resolve("rows") };
  const lazy = defineTask("lazy", { input: n, backoff: [] }, () => rows as unknown as string);
  await using rig = new Rig({ lazy });
  const receipt = await rig.tasks.lazy.enqueue(1);
  const running = rig.run();
  await rig.until("succeeded");
  await running.stop();
  assertEquals(await receipt.result(), "rows");
});
Deno.test("Worker.run() goes by the schedule when a handler gives another task bad input", async () => {
  const other = defineTask("other", { input: n }, () => {});
  const caller = defineTask(
    "caller",
    { input: n, backoff: ["1s"] },
    async (_, ctx: TaskContext) => {
      if (ctx.attempt === 1) await other("no number" as never);
      return "done";
    },
  );
  await using rig = new Rig({ caller });
  const receipt = await rig.tasks.caller.enqueue(1);
  const running = rig.run();
  assertEquals((await rig.until("retried")).error.name, "ValidationError");
  await rig.until("succeeded");
  await running.stop();
  assertEquals(await receipt.result(), "done");
});

Deno.test("Task called in place with a worker's context has its signal, progress and fence", async () => {
  const inner = defineTask("inner", { input: n }, (_, { signal, progress, fence, id }) => {
    progress({ fence, id });
    return new Promise<void>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  });
  const outer = defineTask(
    "outer",
    { input: n, timeout: "5s", backoff: [] },
    (input, ctx) => inner(input, ctx),
  );
  await using rig = new Rig({ outer });
  const receipt = await rig.tasks.outer.enqueue(1);
  const running = rig.run();
  await rig.until("started");
  await rig.clock.advance(1_000);
  assertObjectMatch(await receipt.status(), { progress: { fence: 1, id: receipt.id } });
  await rig.until("dead");
  await running.stop();
  assertObjectMatch(await receipt.status(), { error: { name: "TaskTimeoutError" } });
});

/** A schema that answers when it is told to; at once the first time, for the enqueue. */
function reluctant() {
  const answer = Promise.withResolvers<{ value: number }>();
  let asked = 0;
  const validate = (value: unknown) => asked++ === 0 ? { value: value as number } : answer.promise;
  return { answer, schema: { "~standard": { version: 1, vendor: "test", validate } } as const };
}

Deno.test("Worker.run() does not begin a handler whose schema answers after the stop", async () => {
  const { answer, schema } = reluctant();
  const begun: number[] = [];
  const late = defineTask("late", { input: schema }, (input) => void begun.push(input));
  await using rig = new Rig({ late });
  const receipt = await rig.tasks.late.enqueue(1);
  const running = rig.run();
  await rig.clock.advance(1_000);
  assertObjectMatch(await running.stop(), { claimed: 1, handedBack: 1 });
  answer.resolve({ value: 1 });
  await rig.clock.advance(1_000);
  assertEquals([begun, rig.names()], [[], ["released"]]);
  assertObjectMatch(await receipt.status(), { state: "ready", attempts: 0 });
});

Deno.test("Worker.run() leaves no timer of an attempt behind, however it ended", async () => {
  const work = defineTask("work", { input: n, timeout: "1h", backoff: [] }, async (input) => {
    await undefined;
    if (input === 1) throw new Error("no");
    if (input === 2) await new Promise(() => {});
  });
  await using rig = new Rig({ work });
  await rig.tasks.work.enqueueMany([0, 1, 2]);
  const running = rig.run({ concurrency: 3 });
  await rig.until("succeeded");
  await rig.until("dead");
  await running.stop();
  assertEquals(rig.clock.timers, 0);
});
