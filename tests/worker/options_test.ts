import { assertEquals, assertThrows } from "@std/assert";
import { Dabba, defineTask } from "@dabba/queue";
import { sqliteBroker } from "@dabba/queue/sqlite";
import { z } from "zod";
import { resolveWorker, type WorkerOptions } from "../../src/worker/options.ts";
import { FaultyBroker } from "./faulty_broker.ts";

const DEFAULTS = { queues: ["default"], polling: { minMs: 20, maxMs: 250 }, lingerMs: 5 };

Deno.test("resolveWorker() fills in what is not said", () => {
  const { name, order, ...settings } = resolveWorker({}, DEFAULTS);
  assertEquals(settings, {
    queues: ["default"],
    concurrency: 10,
    prefetch: true,
    leaseMs: 30_000,
    graceMs: 4_000,
    unknownTaskDelayMs: 30_000,
    polling: { minMs: 20, maxMs: 250 },
    lingerMs: 5,
    wake: true,
    budget: undefined,
    signals: undefined,
  });
  assertEquals([/^w-[\w-]{10}$/.test(name), order(Math.random)], [true, ["default"]]);
});

const refused: [string, WorkerOptions, typeof TypeError | typeof RangeError, string][] = [
  ["no permit", { concurrency: 0 }, RangeError, "concurrency"],
  ["half a permit", { concurrency: 1.5 }, RangeError, "concurrency"],
  ["permits without end", { concurrency: Infinity }, RangeError, "concurrency"],
  ["permits that are no number", { concurrency: NaN }, RangeError, "concurrency"],
  ["more permits than a batch", { concurrency: 1_001 }, RangeError, "concurrency"],
  ["permits as text", { concurrency: "10" as never }, RangeError, "concurrency"],
  ["a lease too short to be renewed", { lease: 99 }, RangeError, "lease"],
  ["a lease without end", { lease: Infinity }, RangeError, "lease"],
  ["a lease that cannot be read", { lease: "1 minute" }, TypeError, "lease"],
  ["a negative grace", { grace: -1 }, RangeError, "grace"],
  ["a grace that is no number", { grace: NaN }, RangeError, "grace"],
  ["no wait for unknown tasks", { unknownTaskDelay: 0 }, RangeError, "unknownTaskDelay"],
  ["outcomes that wait for a negative time", { linger: -1 }, RangeError, "linger"],
  ["polls without a pause", { polling: { min: 0, max: 1 } }, RangeError, "polling.min"],
  ["polls upside down", { polling: { min: 10, max: 5 } }, RangeError, "polling.max"],
  ["half a way of polling", { polling: { min: 10 } as never }, TypeError, "polling.max"],
  ["no queue", { queues: [] }, TypeError, "queues"],
  ["no weighed queue", { queues: {} }, TypeError, "queues"],
  ["a queue of no name", { queues: [""] }, TypeError, "queue"],
  ["a queue with a space", { queues: ["a b"] }, TypeError, "queue"],
  ["a weighed queue with a slash", { queues: { "a/b": 1 } }, TypeError, "queue"],
  ["a queue without weight", { queues: { a: 0 } }, RangeError, "a"],
  ["a queue that is text", { queues: "mail" as never }, TypeError, '["mail"]'],
  ["a name with a space", { name: "my worker" }, TypeError, "worker name"],
];

for (const [what, options, Kind, part] of refused) {
  Deno.test(`Dabba.worker() refuses ${what} before any I/O`, async () => {
    const note = defineTask("note", { input: z.number() }, () => {});
    const broker = new FaultyBroker(sqliteBroker({ path: ":memory:" }));
    await using dabba = new Dabba({ broker, tasks: { note } });
    assertThrows(() => dabba.worker(options), Kind, part);
    assertEquals(broker.calls.length, 0);
  });
}
