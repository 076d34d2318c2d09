/** The essentials by the clock of the Redis server, as everybody but a test runs them. */

import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import type { Delivery } from "../../../src/broker/broker.ts";
import { defer, idsOf, renewal, retry, succeed } from "../contract/messages.ts";
import { openRig, type Rig } from "./rig.ts";

const open = () => openRig({ serverClock: true });
const ids = (count: number) => Array.from({ length: count }, (_, i) => `m${(i * 7) % count}`);

/** Asks until there is something; the store's clock runs by itself. */
async function claimSoon({ stage }: Rig): Promise<Delivery[]> {
  for (;;) {
    const claimed = await stage.claim();
    if (claimed.length > 0) return claimed;
  }
}

async function serverMs({ server }: Rig): Promise<number> {
  const [seconds, micros] = await server.redis.time();
  return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
}

Deno.test("RedisBroker goes by the server's clock, whatever that of the process says", async () => {
  await using rig = await open();
  const before = await serverMs(rig);
  await rig.stage.push("m");
  const { enqueuedAtMs } = await rig.stage.claimOne();
  assertGreaterOrEqual(enqueuedAtMs, before);
  assertLessOrEqual(enqueuedAtMs, await serverMs(rig));
  const { nowMs } = await rig.stage.exchange();
  assert(nowMs >= enqueuedAtMs && nowMs <= await serverMs(rig));
});

Deno.test("RedisBroker is not led astray by a process whose clock is an hour off", async () => {
  await using rig = await open();
  const right = Date.now;
  for (const offMs of [-3_600_000, 3_600_000]) {
    Date.now = () => right() + offMs;
    try {
      const before = await serverMs(rig);
      await rig.stage.push(`m${offMs}`);
      const { enqueuedAtMs } = await rig.stage.claimOne();
      assertGreaterOrEqual(enqueuedAtMs, before);
      assertLessOrEqual(enqueuedAtMs, await serverMs(rig));
    } finally {
      Date.now = right;
    }
  }
});

Deno.test("RedisBroker claims in the order of pushing within one millisecond", async () => {
  await using rig = await open();
  const order = ids(50);
  await Promise.all(order.map((id) => rig.server.redis.echo(id)));
  for (const id of order) await rig.stage.push(id);
  await rig.stage.push(...ids(50).map((id) => `batch-${id}`));
  const expected = [...order, ...order.map((id) => `batch-${id}`)];
  const claimed: string[] = [];
  while (claimed.length < expected.length) {
    claimed.push(...idsOf(await rig.stage.claim({ max: 9 })));
  }
  assertEquals(claimed, expected);
});

Deno.test("RedisBroker keeps the order of messages for one instant, named before", async () => {
  await using rig = await open();
  const dueAtMs = await serverMs(rig) + 100;
  const order = ids(10);
  for (const id of order) await rig.stage.push({ id, dueAtMs });
  const claimed = await claimSoon(rig);
  assertEquals(idsOf(claimed), order);
  assertGreaterOrEqual((await rig.stage.exchange()).nowMs, dueAtMs);
});

Deno.test("RedisBroker hands a delayed message over when it is due, not before", async () => {
  await using rig = await open();
  await rig.stage.push({ id: "m", delayMs: 30 });
  const { dueAtMs, enqueuedAtMs } = await rig.stage.record();
  assertEquals(dueAtMs, enqueuedAtMs + 30);
  await claimSoon(rig);
  assertGreaterOrEqual((await rig.stage.exchange()).nowMs, dueAtMs);
});

Deno.test("RedisBroker hands a message over again when its lease has run out", async () => {
  await using rig = await open();
  await rig.stage.push("m");
  await rig.stage.claimOne({ worker: "w1", leaseMs: 20 });
  const [second] = await claimSoon(rig);
  assertEquals([second?.fence, second?.crashes, second?.crashedWorker], [2, 1, "w1"]);
  assertEquals(await rig.stage.extend(renewal(second!)), ["ok"]);
  assertEquals(await rig.stage.settle(succeed(second!)), ["ok"]);
});

Deno.test("RedisBroker puts what is handed back behind what waits", async () => {
  await using rig = await open();
  await rig.stage.push("a", "b");
  const [a, b] = await rig.stage.claim();
  await rig.stage.push("c");
  await rig.stage.settle(retry(a!), defer(b!));
  const claimed: Delivery[] = [];
  while (claimed.length < 3) claimed.push(...await claimSoon(rig));
  assertEquals(idsOf(claimed), ["c", "a", "b"]);
});

Deno.test("RedisBroker's hint of the next work is exact to the millisecond", async () => {
  await using rig = await open();
  await rig.stage.push({ id: "m", delayMs: 60_000 });
  const { dueAtMs } = await rig.stage.record();
  assertEquals(await rig.broker.probe(["q"]), dueAtMs);
  const reply = await rig.stage.exchange({ claim: { queues: ["q"], max: 1 } });
  assertEquals(reply.nextDueAtMs, dueAtMs);
});

Deno.test("RedisBroker keeps times far ahead without losing digits", async () => {
  await using rig = await open();
  const far = Date.UTC(2254, 0, 1);
  await rig.stage.push({ id: "far", dueAtMs: far }, { id: "never", delayMs: Infinity });
  assertEquals((await rig.stage.record("far")).dueAtMs, far);
  assertEquals(await rig.broker.probe(["q"]), far);
  assertEquals((await rig.stage.record("never")).state, "scheduled");
});
