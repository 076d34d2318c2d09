/**
 * A worker in a process of its own. What its handler does and what the store says to it goes into the
 * ledger; on stdout it beats, so that a watchdog sees when it hangs. Its argument: `Orders` as JSON.
 */

import { Dabba } from "../../src/dabba.ts";
import { DeferError, RejectError } from "../../src/errors.ts";
import type { TaskContext } from "../../src/task.ts";
import { type Job, openBroker, type Orders, work } from "./jobs.ts";
import { LedgerWriter } from "./ledger.ts";

const BEAT_MS = 200;
const BEAT = new Uint8Array([46]);

const orders: Orders = JSON.parse(Deno.args[0]!);
if (orders.skewMs) skew(orders.skewMs);
const ledger = new LedgerWriter(orders.ledger);

function skew(ms: number): void {
  const Real = Date;
  const now = () => Real.now() + ms;
  globalThis.Date = new Proxy(Real, {
    get: (target, key) => key === "now" ? now : Reflect.get(target, key),
    construct: (target, args) =>
      args.length === 0 ? new Real(now()) : Reflect.construct(target, args),
  });
}

async function act(job: Job, { fence, signal, progress }: TaskContext): Promise<void> {
  switch (job.kind) {
    case "exit":
      return Deno.exit(42);
    case "spin":
      for (;;);
    case "allocate":
      for (const hoard: number[][] = [];;) hoard.push(new Array(100_000).fill(1.5));
    case "deaf": {
      const { talksAtMs, ends } = fence === 1 ? job : {};
      if (talksAtMs !== undefined) setTimeout(() => progress({ fence }), talksAtMs);
      await new Promise((resolve) => setTimeout(resolve, timeOf(job, fence)));
      if (ends === "failed") throw new Error("It fails, as it was told to");
      if (ends === "rejected") throw new RejectError("It gives up, as it was told to");
      if (ends === "deferred") throw new DeferError({ delay: 0 });
      return;
    }
    case "sleep":
      if (job.progress) progress({ fence });
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(resolve, timeOf(job, fence));
        signal.addEventListener("abort", () => {
          clearTimeout(timer);
          reject(signal.reason);
        });
      });
      if (fence <= (job.fails ?? 0)) throw new Error("It fails, as it was told to");
  }
}

function timeOf({ ms, laterMs = ms }: { ms: number; laterMs?: number }, fence: number): number {
  return fence === 1 ? ms : laterMs;
}

const task = work.handler(async (job, context) => {
  const { id, fence, signal } = context;
  ledger.write("start", { id, fence });
  signal.addEventListener("abort", () => {
    ledger.write("aborted", { id, fence, why: signal.reason?.name });
  });
  await act(job, context);
  ledger.write("effect", { id, fence });
});

const dabba = new Dabba({ broker: openBroker(orders.store), tasks: { task } });
dabba.on("succeeded", (event) => ledger.write("accepted", event));
dabba.on("leaseLost", (event) => ledger.write("refused", event));
dabba.on("dead", (event) => {
  const { id, fence, error } = event;
  ledger.write("dead", { id, fence, why: error.name });
});
dabba.on("outage", ({ error }) => ledger.write("outage", { id: "", why: error.message }));
dabba.on("repaired", ({ findings }) => {
  for (const { id, problem } of findings) ledger.write("mended", { id, why: problem });
});
for (const name of ["retried", "released", "deferred"] as const) {
  dabba.on(name, ({ id, fence }) => ledger.write("returned", { id, fence, why: name }));
}
const beating = setInterval(() => Deno.stdout.writeSync(BEAT), BEAT_MS);
const running = dabba.worker(orders.worker).run();
Deno.stdout.writeSync(BEAT);
await running;
clearInterval(beating);
await dabba.close();
// A deaf handler would keep the process alive.
Deno.exit(0);
