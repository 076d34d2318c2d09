import { assert, assertEquals, assertObjectMatch, assertRejects } from "@std/assert";
import { BrokerError, defineTask } from "@dabba/queue";
import { z } from "zod";
import { away, breaking, claims, refused, settles } from "./faulty_broker.ts";
import { noting } from "./noting.ts";
import { Rig } from "./rig.ts";

const n = z.number();

const always = () => true;

Deno.test("Worker.run() survives an outage, tells of it seldom, and of its end", async () => {
  const { inputs, task } = noting();
  await using rig = new Rig({ task });
  const running = rig.run({ name: "w1" });
  await rig.clock.advance(1_000);
  await rig.tasks.task.enqueue(1);
  rig.broker.before = ({ operation }) => {
    throw away(operation);
  };
  const before = rig.broker.calls.length;
  await rig.clock.advance(60_000);
  const calls = rig.broker.calls.length - before;
  assert(calls <= 40, `${calls} calls in a minute of outage`);
  const outages = rig.all("outage");
  assert(outages.length >= 5 && outages.length <= 6, `${outages.length} reports`);
  assertObjectMatch(outages[0]!, { worker: "w1", failures: 1, error: { retryable: true } });
  assertEquals([inputs, rig.all("recovered").length], [[], 0]);
  rig.broker.before = () => {};
  await rig.clock.advance(10_000);
  assertEquals(inputs, [1]);
  assertEquals(rig.all("recovered").length, 1);
  await running.stop();
});

Deno.test("Worker.run() tells of a store that comes and goes at most once in ten seconds", async () => {
  const { task } = noting();
  await using rig = new Rig({ task });
  let calls = 0;
  rig.broker.before = ({ operation }) => {
    if (calls++ % 2 === 0) throw away(operation);
  };
  const running = rig.run({ polling: { min: 20, max: 20 } });
  await rig.clock.advance(60_000);
  assert(calls > 50);
  const told = [rig.all("outage").length, rig.all("recovered").length];
  assert(told.every((count) => count >= 1 && count <= 7), `told ${told}`);
  rig.broker.before = () => {};
  await running.stop();
});

Deno.test("Worker.run() goes on from a failed settle: the outcome counts, once", async () => {
  const { inputs, task } = noting();
  await using rig = new Rig({ task });
  const receipt = await rig.tasks.task.enqueue(1);
  rig.broker.before = breaking(3, { only: settles });
  const running = rig.run();
  await rig.until("succeeded");
  assertObjectMatch(await running.stop(), { claimed: 1, succeeded: 1, lost: 0 });
  assertEquals([inputs, (await receipt.status()).state], [[1], "succeeded"]);
});

Deno.test("Worker.run() treats a fault that is no BrokerError as one that no repetition mends", async () => {
  const { task } = noting();
  await using rig = new Rig({ task });
  rig.broker.before = breaking(1, { only: always, error: () => new TypeError("a bug") });
  const running = rig.run();
  await assertRejects(() => rig.clock.until(running.done), TypeError, "a bug");
  assertEquals(rig.clock.timers, 0);
});

Deno.test("Worker.drain() fails when the store is away for all of its budget", async () => {
  const { task } = noting();
  await using rig = new Rig({ task });
  rig.broker.before = ({ operation }) => {
    throw away(operation);
  };
  const draining = rig.worker().drain({ budget: "20s" });
  const error = await assertRejects(() => rig.clock.until(draining), BrokerError);
  assertEquals(error.retryable, true);
  assert(rig.clock.now() >= 10_000 && rig.clock.now() <= 20_000, `after ${rig.clock.now()} ms`);
  assertEquals(rig.clock.timers, 0);
});

Deno.test("Worker.drain() goes on when the store comes back within its budget", async () => {
  const { inputs, task } = noting();
  await using rig = new Rig({ task });
  await rig.tasks.task.enqueue(1);
  rig.broker.before = breaking(4, { only: claims });
  const summary = await rig.clock.until(rig.worker().drain({ budget: "20s" }));
  assertObjectMatch(summary, { ended: "empty", claimed: 1, succeeded: 1 });
  assertEquals(inputs, [1]);
});

Deno.test("Worker.drain() fails at once when the store refuses", async () => {
  const { task } = noting();
  await using rig = new Rig({ task });
  rig.broker.before = ({ operation }) => {
    throw refused(operation);
  };
  await assertRejects(() => rig.clock.until(rig.worker().drain()), BrokerError, "token is wrong");
  assertEquals([rig.clock.now() < 1_000, rig.clock.timers], [true, 0]);
});

Deno.test("Worker.run() ends in time, and without an error, when the store is away as it stops", async () => {
  const gate = Promise.withResolvers<void>();
  const task = defineTask("held", { input: n }, () => gate.promise);
  await using rig = new Rig({ task });
  await rig.tasks.task.enqueue(1);
  const running = rig.run({ grace: "4s" });
  await rig.until("started");
  rig.broker.before = ({ operation }) => {
    throw away(operation);
  };
  const begunAt = rig.clock.now();
  running.abort();
  gate.resolve();
  assertObjectMatch(await running.stop(), { claimed: 1, succeeded: 0 });
  assert(rig.clock.now() - begunAt <= 4_000);
  assertEquals([rig.all("outage").length, rig.clock.timers], [1, 0]);
});

Deno.test("Worker.run() tries again at once when it is told to stop", async () => {
  const gate = Promise.withResolvers<void>();
  const task = defineTask("held", { input: n }, () => gate.promise);
  await using rig = new Rig({ task });
  await rig.tasks.task.enqueue(1);
  const running = rig.run({ grace: "20s" });
  await rig.until("started");
  rig.broker.before = ({ operation }) => {
    throw away(operation);
  };
  gate.resolve();
  await rig.clock.advance(60_000);
  rig.broker.before = () => {};
  // By now it pauses for seconds between two tries.
  const begunAt = rig.clock.now();
  running.abort();
  assertObjectMatch(await running.stop(), { succeeded: 1 });
  assert(rig.clock.now() - begunAt < 300, `${rig.clock.now() - begunAt} ms`);
});

Deno.test("Worker.run() ends within its grace though a request is never answered", async () => {
  const { task } = noting();
  await using rig = new Rig({ task });
  await rig.tasks.task.enqueue(1);
  rig.broker.after = () => new Promise<never>(() => {});
  const running = rig.run({ grace: "4s" });
  await rig.clock.advance(60_000);
  const begunAt = rig.clock.now();
  assertObjectMatch(await running.stop(), { claimed: 0 });
  assert(rig.clock.now() - begunAt <= 4_000);
  assertEquals(rig.clock.timers, 0);
});

Deno.test("Worker.drain() ends within its budget though a request is never answered", async () => {
  const { task } = noting();
  await using rig = new Rig({ task });
  rig.broker.after = () => new Promise<never>(() => {});
  const draining = rig.worker().drain({ budget: "20s" });
  await assertRejects(() => rig.clock.until(draining), BrokerError, "no reply");
  assertEquals([rig.clock.now() <= 20_000, rig.clock.timers], [true, 0]);
});

Deno.test("Worker.run() leaves a store alone for as long as it wants to be", async () => {
  const { task } = noting();
  await using rig = new Rig({ task });
  const times: number[] = [];
  let throttled = true;
  rig.broker.before = ({ operation }) => {
    times.push(rig.clock.now());
    if (!throttled) return;
    throw new BrokerError(operation, "too many requests", {
      retryable: true,
      retryAfterMs: 20_000,
    });
  };
  const running = rig.run();
  await rig.clock.advance(70_000);
  throttled = false;
  // Two requests may be on their way at once.
  const own = times.filter((_, i) => i % 2 === 0);
  assert(own.length >= 2 && own.length <= 4, `asked at ${times}`);
  own.slice(1).forEach((at, i) => assert(at - own[i]! >= 20_000, `asked at ${times}`));
  await rig.clock.advance(30_000);
  await running.stop();
});

for (
  const [why, retryAfterMs] of [["quota is used up", 60_000], [
    "Retry-After is a day",
    864e5,
  ]] as const
) {
  Deno.test(`Worker.run() looks once a minute at a store whose ${why}`, async () => {
    const { inputs, task } = noting();
    await using rig = new Rig({ task });
    await rig.tasks.task.enqueue(1);
    rig.broker.before = ({ operation }) => {
      throw new BrokerError(operation, "used up", { retryable: true, retryAfterMs });
    };
    const running = rig.run();
    await rig.clock.advance(600_000);
    const calls = rig.broker.count("exchange") + rig.broker.count("probe");
    assert(calls >= 9 && calls <= 13, `${calls} calls in ten minutes`);
    rig.broker.before = () => {};
    await rig.clock.advance(60_000);
    assertEquals(inputs, [1]);
    await running.stop();
  });
}

Deno.test("Worker.run() sounds an alarm for a reason that is not known, and goes on", async () => {
  const { inputs, task } = noting();
  await using rig = new Rig({ task });
  await rig.tasks.task.enqueue(1);
  const unheard = (operation: string) =>
    new BrokerError(operation, "unheard of", { retryable: true, unknown: true });
  rig.broker.before = breaking(3, { only: always, error: unheard });
  const running = rig.run();
  await rig.until("succeeded");
  assertEquals([inputs, rig.all("alarm").length], [[1], 1]);
  await running.stop();
});

Deno.test("Worker.run() brings home what it has done though its company was refused", async () => {
  const { task } = noting();
  await using rig = new Rig({ task });
  const receipt = await rig.tasks.task.enqueue(1);
  rig.broker.before = breaking(1, { only: settles, error: refused });
  const running = rig.run();
  await assertRejects(() => rig.clock.until(running.done), BrokerError, "token is wrong");
  assertEquals((await receipt.status()).state, "succeeded");
});
