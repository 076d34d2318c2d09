import { assertEquals } from "@std/assert";
import { defineTask, type TaskContext } from "@dabba/queue";
import { z } from "zod";
import { Rig } from "./worker/rig.ts";

const n = z.number();

Deno.test("MessageStatus.progress is there only while its handler runs", async () => {
  const gate = Promise.withResolvers<void>();
  const upload = defineTask("upload", { input: n }, async (_, ctx: TaskContext) => {
    ctx.progress({ done: 1 });
    await gate.promise;
  });
  await using rig = new Rig({ upload });
  const receipt = await rig.tasks.upload.enqueue(1);
  const running = rig.run();
  await rig.clock.advance(1_000);
  assertEquals((await receipt.status()).progress, { done: 1 });
  gate.reject(new Error("so it is scheduled again"));
  await rig.until("retried");
  const { state, progress } = await receipt.status();
  assertEquals([state, progress], ["scheduled", undefined]);
  await running.stop();
});

Deno.test("MessageStatus.backoff tells the plan in the message until it has succeeded", async () => {
  const flaky = defineTask("flaky", { input: n, backoff: ["1m", "5m"] }, () => {});
  await using rig = new Rig({ flaky });
  const receipt = await rig.tasks.flaky.enqueue(1, { delay: "1h" });
  const { backoff, maxAttempts } = await receipt.status();
  assertEquals([backoff, maxAttempts], [[60_000, 300_000], 3]);
});
