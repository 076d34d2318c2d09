import { assert, assertEquals } from "@std/assert";
import type { Delivery, ExchangeReply } from "../../src/broker/broker.ts";
import { Lookout } from "../../src/worker/lookout.ts";
import { EPOCH_MS, FakeClock } from "./fake_clock.ts";

const POLLING = { minMs: 100, maxMs: 1_000 };

/** What a look brought, of which only the number of messages matters. */
function reply(nowMs: number, claimed: number, nextDueAtMs?: number): ExchangeReply {
  const none = {
    settled: [],
    extended: [],
    trimAtMs: undefined,
    dropped: [],
    nearlyFull: undefined,
    left: false,
  };
  return { ...none, nowMs, claimed: Array<Delivery>(claimed), nextDueAtMs };
}

function open({ drain = false } = {}) {
  const clock = new FakeClock();
  return { clock, lookout: new Lookout(POLLING, { clock, drain }) };
}

Deno.test("Lookout looks at once, then after waits that double up to the longest", () => {
  const { clock, lookout } = open();
  const waits: number[] = [];
  for (let look = 0; look < 6; look++) {
    assert(lookout.at <= clock.now());
    lookout.looked(reply(EPOCH_MS + clock.now(), 0), 10);
    waits.push(lookout.at - clock.now());
    clock.leap(waits.at(-1)!);
  }
  assertEquals(waits, [100, 200, 400, 800, 1_000, 1_000]);
});

Deno.test("Lookout draws each wait anew, so that workers drift apart", () => {
  const { clock, lookout } = open();
  const waits = [0, 0.999].map((chance) => {
    clock.chance = chance;
    lookout.looked(reply(EPOCH_MS, 1), 10);
    return Math.round(lookout.at - clock.now());
  });
  assertEquals(waits, [75, 125]);
});

Deno.test("Lookout looks again at once after a full batch, and when somebody enqueued meanwhile", () => {
  const { lookout } = open();
  lookout.looked(reply(EPOCH_MS, 10), 10);
  assertEquals(lookout.at, -Infinity);
  lookout.leave();
  lookout.looked(reply(EPOCH_MS, 0), 10);
  assertEquals(lookout.at, 100);
  lookout.leave();
  lookout.nudge();
  lookout.looked(reply(EPOCH_MS, 0), 10);
  assertEquals(lookout.at, -Infinity);
});

Deno.test("Lookout wakes for what is due soon, and is in no hurry for what it was not given", () => {
  const { lookout } = open();
  lookout.looked(reply(EPOCH_MS, 0, EPOCH_MS + 30), 10);
  assertEquals(lookout.at, 30);
  lookout.looked(reply(EPOCH_MS, 0, EPOCH_MS - 5), 10);
  assert(lookout.at >= 100, "due already, and not given: another has it");
});

Deno.test("Lookout looks again at once when a claim brought less than there is", () => {
  const { lookout } = open();
  lookout.looked(reply(EPOCH_MS, 3, EPOCH_MS), 10);
  assertEquals(lookout.at, -Infinity);
});

Deno.test("Lookout probes once it is idle, and in a drain from the start", () => {
  const { lookout } = open();
  assertEquals(lookout.mayProbe, false);
  lookout.looked(reply(EPOCH_MS, 0), 10);
  assertEquals(lookout.mayProbe, true);
  lookout.looked(reply(EPOCH_MS, 1), 10);
  assertEquals(lookout.mayProbe, false);
  assertEquals(open({ drain: true }).lookout.mayProbe, true);
});

Deno.test("Lookout.probed() goes by the store's clock, and by what is new to it", () => {
  const { clock, lookout } = open();
  // The store is a day ahead of anything that this machine could think.
  const nowMs = EPOCH_MS + 86_400_000;
  lookout.looked(reply(nowMs, 0, nowMs + 500), 10);
  assertEquals(lookout.probed(nowMs + 500), false);
  clock.leap(500);
  assertEquals(lookout.probed(nowMs + 500), true);
  assertEquals(lookout.probed(undefined), false);
  // The store's clock was set back by an hour since; what comes now was not there before.
  assertEquals(lookout.probed(nowMs - 3_600_000), true);
});

Deno.test("Lookout.takeSweep() has the index checked at first, and every five minutes", () => {
  const { clock, lookout } = open();
  assertEquals([lookout.takeSweep(), lookout.takeSweep()], [true, false]);
  clock.leap(299_999);
  assertEquals(lookout.takeSweep(), false);
  clock.leap(1);
  assertEquals([lookout.takeSweep(), lookout.takeSweep()], [true, false]);
});

Deno.test("Lookout comes back at once for a backlog to forget, and in time for what must age", () => {
  const { clock, lookout } = open();
  lookout.takeSweep();
  lookout.looked({ ...reply(EPOCH_MS, 0), trimAtMs: EPOCH_MS }, 10);
  assertEquals(lookout.at, 0);
  assertEquals([lookout.takeSweep(), lookout.takeSweep()], [true, false]);
  lookout.looked({ ...reply(EPOCH_MS, 0), trimAtMs: EPOCH_MS + 60_000 }, 10);
  clock.leap(59_999);
  assertEquals(lookout.takeSweep(), false);
  lookout.looked(reply(EPOCH_MS + 59_999, 0), 10);
  assertEquals(lookout.at, 60_000);
  clock.leap(1);
  assertEquals([lookout.takeSweep(), lookout.takeSweep()], [true, false]);
});

Deno.test("Lookout lets what gets old enough gather for five seconds", () => {
  const { clock, lookout } = open();
  lookout.takeSweep();
  lookout.looked({ ...reply(EPOCH_MS, 0), trimAtMs: EPOCH_MS + 1 }, 10);
  clock.leap(4_999);
  assertEquals(lookout.takeSweep(), false);
  clock.leap(1);
  assertEquals(lookout.takeSweep(), true);
});

Deno.test("Lookout that is called looks at once when calls begin, then ever more seldom", () => {
  const { clock, lookout } = open();
  lookout.looked(reply(EPOCH_MS, 0), 10);
  assertEquals(lookout.sign(), undefined, "nobody could call it");
  lookout.listen(true);
  assertEquals([lookout.at, lookout.mayProbe], [-Infinity, false], "only a full look leaves word");
  lookout.leave();
  assertEquals(lookout.sign(), `${lookout.id}.1`);
  const waits: number[] = [];
  for (let look = 0; look < 10; look++) {
    lookout.looked(reply(EPOCH_MS + clock.now(), 0), 10);
    waits.push(lookout.at - clock.now());
    clock.leap(waits.at(-1)!);
  }
  assertEquals(waits.slice(0, 3), [1_000, 2_000, 4_000]);
  assertEquals(waits.slice(-2), [180_000, 180_000]);
  lookout.looked(reply(EPOCH_MS + clock.now(), 0), 10);
  lookout.listen(false);
  assertEquals(lookout.at - clock.now(), 100, "what was not told is looked for");
});

Deno.test("Lookout.called() obeys the call of its last look, and no older one", () => {
  const { lookout } = open();
  lookout.listen(true);
  lookout.leave();
  lookout.sign();
  lookout.sign();
  lookout.looked(reply(EPOCH_MS, 0), 10);
  lookout.called({ waitMs: 0, look: 1 });
  assertEquals(lookout.at, 1_000);
  lookout.called({ waitMs: 300 });
  assertEquals(lookout.at, 300);
  lookout.called({ waitMs: 0, look: 2 });
  assertEquals(lookout.at, -Infinity);
});

Deno.test("Lookout.called() has it look again when the call comes before the look's answer", () => {
  const { lookout } = open();
  lookout.listen(true);
  lookout.leave();
  lookout.sign();
  lookout.called({ waitMs: 0, look: 1 });
  lookout.looked(reply(EPOCH_MS, 0), 10);
  assertEquals(lookout.at, -Infinity);
});

Deno.test("Lookout.called() for another has it look as if there were no calls", () => {
  const { clock, lookout } = open();
  lookout.listen(true);
  lookout.leave();
  for (let look = 0; look < 10; look++) lookout.looked(reply(EPOCH_MS, 0), 10);
  lookout.called({ waitMs: 0 });
  assertEquals(lookout.at - clock.now(), 1_000);
});

Deno.test("Lookout.nudge() gives the call of its own process's message a moment", () => {
  const { lookout } = open();
  lookout.listen(true);
  lookout.leave();
  lookout.looked(reply(EPOCH_MS, 0), 10);
  lookout.nudge();
  assertEquals(lookout.at, 50);
});
