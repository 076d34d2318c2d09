import { assert, assertEquals, assertObjectMatch } from "@std/assert";
import { Dabba, defineTask } from "@dabba/queue";
import { sqliteBroker } from "@dabba/queue/sqlite";
import { z } from "zod";
import { claims, FaultyBroker } from "./faulty_broker.ts";
import { Rig } from "./rig.ts";

const n = z.number();
const note = defineTask("note", { input: n }, () => {});
const HOUR_MS = 3_600_000;

Deno.test("Worker.run() looks ever more seldom while it is idle, by the cheapest call", async () => {
  await using rig = new Rig({ note }, { polling: { minMs: 1_000, maxMs: 60_000 } });
  const running = rig.run();
  await rig.clock.advance(5 * HOUR_MS);
  const [probes, exchanges] = [rig.broker.count("probe"), rig.broker.count("exchange")];
  assert(probes > 230 && probes < 320, `${probes} probes in five hours`);
  // The first look, the second, and the look that checks the index, every five minutes.
  assert(exchanges < 70, `${exchanges} exchanges in five hours`);
  assertEquals(rig.broker.calls.length, probes + exchanges);
  await running.stop();
  assertEquals(rig.clock.timers, 0);
});

Deno.test("Worker.run() wakes when a delayed message is due, not a poll later", async () => {
  await using rig = new Rig({ note }, { polling: { minMs: 1_000, maxMs: 60_000 } });
  await rig.tasks.note.enqueue(1, { delay: "3m" });
  const running = rig.run();
  await rig.until("started");
  assert(rig.clock.now() >= 180_000 && rig.clock.now() < 180_010, `at ${rig.clock.now()}`);
  await running.stop();
  const calls = rig.broker.calls.length;
  assert(calls < 20, `${calls} calls in three minutes`);
});

Deno.test("Worker.run() does not look in a hurry for what another worker holds", async () => {
  const gate = Promise.withResolvers<void>();
  const held = defineTask("held", { input: n }, () => gate.promise);
  await using rig = new Rig({ held }, { polling: { minMs: 1_000, maxMs: 60_000 } });
  await rig.tasks.held.enqueue(1);
  const holder = rig.run({ lease: "30s" });
  await rig.until("started");
  const idle = rig.run({ name: "idle" });
  const before = rig.broker.calls.length;
  await rig.clock.advance(HOUR_MS);
  const calls = rig.broker.calls.length - before;
  assert(calls < 600, `${calls} calls in an hour: 360 renewals, and looks`);
  gate.resolve();
  await rig.until("succeeded");
  await Promise.all([holder.stop(), idle.stop()]);
});

Deno.test("Worker.run() looks again at once as long as there is more", async () => {
  await using rig = new Rig({ note }, { polling: { minMs: HOUR_MS, maxMs: HOUR_MS } });
  await rig.tasks.note.enqueueMany(Array.from({ length: 100 }, (_, i) => i));
  const running = rig.run({ concurrency: 10 });
  await rig.until("succeeded", 100);
  assert(rig.clock.now() < 1_000);
  const looks = rig.broker.calls.filter(claims).length;
  assert(looks <= 12, `${looks} looks for ten batches`);
  await running.stop();
});

/** A Dabba whose broker is polled once an hour: whatever happens sooner was a nudge. */
function slowlyPolled() {
  const polling = { minMs: HOUR_MS, maxMs: HOUR_MS };
  const broker = new FaultyBroker(sqliteBroker({ path: ":memory:" }), polling);
  const started: number[] = [];
  const echo = defineTask("echo", { input: n }, (input) => void started.push(input));
  const dabba = new Dabba({ broker, tasks: { echo } });
  const stop = new AbortController();
  const worker = dabba.worker({ concurrency: 2, signals: false });
  const begin = () => worker.run({ signal: stop.signal });
  const succeeded = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const off = dabba.on("succeeded", () => resolve(off()));
    return promise;
  };
  return { broker, dabba, started, stop, begin, succeeded };
}

Deno.test("Worker.run() starts at once what its own process enqueues, however seldom it polls", async () => {
  const { broker, dabba, started, stop, begin, succeeded } = slowlyPolled();
  await using _ = dabba;
  const looked = Promise.withResolvers<void>();
  broker.after = () => looked.resolve();
  const done = begin();
  await looked.promise;
  for (let i = 0; i < 3; i++) {
    const end = succeeded();
    await dabba.tasks.echo.enqueue(i);
    await end;
  }
  stop.abort();
  assertObjectMatch(await done, { claimed: 3, succeeded: 3 });
  assertEquals(started, [0, 1, 2]);
});

Deno.test("Worker.run() starts at once what was enqueued while a look was on its way", async () => {
  const { broker, dabba, started, stop, begin, succeeded } = slowlyPolled();
  await using _ = dabba;
  const [looked, reply] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  broker.after = (call) => {
    if (!claims(call)) return;
    looked.resolve();
    return reply.promise;
  };
  const done = begin();
  await looked.promise;
  const end = succeeded();
  await dabba.tasks.echo.enqueue(1);
  // What comes now was read before the message was there.
  reply.resolve();
  await end;
  stop.abort();
  await done;
  assertEquals(started, [1]);
});

Deno.test("Worker.drain() runs what was enqueued while its last look was on its way", async () => {
  const { broker, dabba, started } = slowlyPolled();
  await using _ = dabba;
  const [looked, reply] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  // A probe as a rule; one drain in a day looks in full.
  broker.after = (call) => {
    if (call.operation !== "probe" && !claims(call)) return;
    looked.resolve();
    return reply.promise;
  };
  const done = dabba.worker({ signals: false }).drain();
  await looked.promise;
  await dabba.tasks.echo.enqueue(1);
  reply.resolve();
  assertObjectMatch(await done, { claimed: 1, ended: "empty" });
  assertEquals(started, [1]);
});

Deno.test("Worker.run() is not kept busy by a message that it must leave alone", async () => {
  const other = defineTask("other", { input: n }, () => {});
  await using rig = new Rig({ other }, { polling: { minMs: 1_000, maxMs: 60_000 } });
  await rig.tasks.other.enqueue(1);
  const running = rig.run({ unknownTaskDelay: "30s" }, { note });
  await rig.clock.advance(HOUR_MS);
  assert(rig.all("unknownTask").length <= 121);
  // Seven for each time that it is offered: the claim, the hand-back, looks ever further apart.
  assert(rig.broker.calls.length < 900, `${rig.broker.calls.length} calls in an hour`);
  await running.stop();
});
