import { assert, assertEquals, assertObjectMatch } from "@std/assert";
import { defineTask } from "@dabba/queue";
import { z } from "zod";
import { settles } from "./faulty_broker.ts";
import { Rig } from "./rig.ts";

const n = z.number();

Deno.test("Worker.run() fails an attempt whose output is larger than is kept, and goes on", async () => {
  const big = defineTask("big", { input: n, backoff: [] }, (size) => "x".repeat(size));
  await using rig = new Rig({ big });
  const over = await rig.tasks.big.enqueue(262_143);
  const under = await rig.tasks.big.enqueue(262_142);
  const running = rig.run();
  await rig.until("succeeded");
  await running.stop();
  assertObjectMatch(await over.status(), {
    state: "dead",
    error: {
      name: "PayloadTooLargeError",
      message: `Cannot keep the output of task "big": ` +
        `payload is 262,145 bytes, the limit is 262,144`,
    },
  });
  assertEquals((await under.result() as string).length, 262_142);
});

Deno.test("Worker.run() takes an output of any size when nothing of it is kept", async () => {
  const big = defineTask("big", { input: n, retain: 0 }, () => "x".repeat(5_000_000));
  await using rig = new Rig({ big });
  await rig.tasks.big.enqueue(1);
  const running = rig.run();
  await rig.until("succeeded");
  await running.stop();
  assertEquals(rig.names(), ["started", "succeeded"]);
});

Deno.test("Worker.run() tells the store of large outcomes in several requests", async () => {
  const big = defineTask("big", { input: n }, () => "x".repeat(250_000));
  await using rig = new Rig({ big });
  await rig.tasks.big.enqueueMany(Array.from({ length: 100 }, (_, i) => i));
  const running = rig.run({ concurrency: 100 });
  await rig.until("succeeded", 100);
  assertObjectMatch(await running.stop(), { succeeded: 100, lost: 0 });
  for (const { args: [request] } of rig.broker.calls.filter(settles)) {
    const size = JSON.stringify(request.settle).length;
    assert(size < 1_100_000, `${size} characters in one request`);
  }
});
