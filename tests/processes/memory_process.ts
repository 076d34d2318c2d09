/**
 * Runs many messages through one Dabba and one worker, some of which fail, time out or are rejected,
 * and writes the heap that is in use before and after, in bytes. Needs `--v8-flags=--expose-gc`.
 */

import { sqliteBroker } from "../../src/broker/sqlite/mod.ts";
import { Dabba } from "../../src/dabba.ts";
import { RejectError } from "../../src/errors.ts";
import type { Schema } from "../../src/schema.ts";
import { defineTask } from "../../src/task.ts";
import { sayJson } from "../support/lines.ts";

const BATCH = 2_000;
const number: Schema<number> = {
  "~standard": { version: 1, vendor: "test", validate: (value) => ({ value: value as number }) },
};
const work = defineTask(
  "work",
  { input: number, backoff: [], timeout: "1m" },
  async (input, ctx) => {
    if (input % 10 === 0) throw new RejectError("every tenth");
    if (input % 7 === 0) ctx.progress({ input });
    ctx.signal.addEventListener("abort", () => {});
    await undefined;
  },
);

const dabba = new Dabba({ broker: sqliteBroker({ path: ":memory:" }), tasks: { work } });
const stop = new AbortController();
const running = dabba.worker({ concurrency: 100, signals: false }).run({ signal: stop.signal });
let settled = 0;
let wake = () => {};
for (const name of ["succeeded", "dead"] as const) {
  dabba.on(name, () => {
    if (++settled % BATCH === 0) wake();
  });
}

async function play(batches: number): Promise<void> {
  for (let batch = 0; batch < batches; batch++) {
    const done = new Promise<void>((resolve) => wake = resolve);
    const inputs = Array.from({ length: BATCH }, (_, i) => i);
    await Promise.all([done, dabba.tasks.work.enqueueMany(inputs)]);
    await dabba.discard({ all: true });
  }
}

function heap(): number {
  (globalThis as unknown as { gc(): void }).gc();
  return Deno.memoryUsage().heapUsed;
}

const [warmUp, batches] = Deno.args.map(Number) as [number, number];
await play(warmUp);
const before = heap();
await play(batches);
const after = heap();
stop.abort();
await running;
await dabba.close();
sayJson({ before, after, settled });
