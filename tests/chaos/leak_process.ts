/**
 * Runs many messages through one Dabba and one worker: a tenth fails, a hundredth runs out of time.
 * Every so many it writes a line of JSON: how many are through, and the memory in use. It must end by
 * itself: a timer, a socket or a listener that was left open would keep it. Needs
 * `--v8-flags=--expose-gc`. Arguments: URL and token of the gateway, batches, messages a batch.
 */

import { RedisBroker } from "../../src/broker/redis/mod.ts";
import { Dabba } from "../../src/dabba.ts";
import { defineTask } from "../../src/task.ts";
import { sayJson } from "../support/lines.ts";
import { passing } from "./jobs.ts";

const [url, token, batches, size] = Deno.args as [string, string, string, string];
const work = defineTask(
  "work",
  { input: passing<number>(), backoff: [], timeout: 50, retain: 0 },
  async (input, ctx) => {
    if (input % 10 === 0) throw new Error("every tenth");
    if (input % 7 === 0) ctx.progress({ input });
    ctx.signal.addEventListener("abort", () => {});
    await (input % 100 === 1 ? new Promise(() => {}) : undefined);
  },
);
const dabba = new Dabba({
  broker: new RedisBroker({ url, token, namespace: "leak" }),
  tasks: { work },
});
const stop = new AbortController();
const running = dabba.worker({ concurrency: 200 }).run({ signal: stop.signal });
let through = 0;
let wake = () => {};
for (const name of ["succeeded", "dead"] as const) {
  dabba.on(name, () => {
    if (++through % Number(size) === 0) wake();
  });
}
for (let batch = 0; batch < Number(batches); batch++) {
  const done = new Promise<void>((resolve) => wake = resolve);
  const inputs = Array.from({ length: Number(size) }, (_, i) => i);
  await Promise.all([done, dabba.tasks.work.enqueueMany(inputs)]);
  await dabba.discard({ all: true });
  (globalThis as unknown as { gc(): void }).gc();
  const { rss, heapUsed } = Deno.memoryUsage();
  sayJson({ through, rss, heapUsed });
}
stop.abort();
await running;
await dabba.close();
