import { assert, assertEquals, assertObjectMatch } from "@std/assert";
import { Dabba, defineTask } from "@dabba/queue";
import { sqliteBroker } from "@dabba/queue/sqlite";
import { z } from "zod";
import { endOfTurn } from "../src/turn.ts";

Deno.test("endOfTurn() comes after what is ready already, timers of no time included", async () => {
  const seen: string[] = [];
  const timer = new Promise<void>((resolve) =>
    setTimeout(() => resolve(void seen.push("timer")), 0)
  );
  queueMicrotask(() => seen.push("microtask"));
  while (!seen.includes("timer")) await endOfTurn();
  await timer;
  assertEquals(seen, ["microtask", "timer"]);
});

Deno.test("Worker.run() leaves timers and requests their turn while it works off a backlog", async () => {
  const quick = defineTask("quick", { input: z.number() }, () => {});
  await using dabba = new Dabba({ broker: sqliteBroker({ path: ":memory:" }), tasks: { quick } });
  await dabba.tasks.quick.enqueueMany(Array.from({ length: 10_000 }, (_, i) => i));
  let [last, longest, ticks] = [performance.now(), 0, 0];
  const interval = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
    ticks++;
  }, 5);
  const summary = await dabba.worker({ concurrency: 100, signals: false }).drain();
  clearInterval(interval);
  assertObjectMatch(summary, { succeeded: 10_000, ended: "empty" });
  assert(ticks > 5, `${ticks} turns`);
  assert(longest < 150, `nothing else had a turn for ${longest} ms`);
});

Deno.test("Worker.drain() ends in its budget while its backlog does not", async () => {
  const quick = defineTask("quick", { input: z.number() }, () => {});
  await using dabba = new Dabba({ broker: sqliteBroker({ path: ":memory:" }), tasks: { quick } });
  await dabba.tasks.quick.enqueueMany(Array.from({ length: 30_000 }, (_, i) => i));
  const begunAt = performance.now();
  const summary = await dabba.worker({ signals: false }).drain({ budget: 200 });
  const tookMs = performance.now() - begunAt;
  assertEquals(summary.ended, "budget");
  assert(tookMs < 1_000, `${tookMs} ms of a budget of 200 ms`);
  const [queue] = (await dabba.inspect.stats()).queues;
  assertEquals(summary.succeeded + queue!.ready, 30_000);
});
