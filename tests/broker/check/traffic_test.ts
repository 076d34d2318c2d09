/** A check while messages come and go: what it finds is true when it is found, so it finds nothing. */

import { assert, assertEquals } from "@std/assert";
import type { Broker, Delivery, Settlement } from "../../../src/broker/broker.ts";
import { bury, defer, message, newChannel, renewal, retry, succeed } from "../contract/messages.ts";
import { Random } from "../contract/random.ts";
import { openRedisGround, openSqliteGround } from "./ground.ts";
import { checkAll } from "./pages.ts";

const ROUNDS = 150;
const STORES = { redis: () => openRedisGround(), sqlite: () => openSqliteGround() };

/** Does all that can be done to messages, at random; many short-lived queues, ids that come again. */
async function bustle(broker: Broker, seed: number): Promise<void> {
  const random = new Random(seed);
  const channel = newChannel();
  const queue = () => `q${random.below(30)}`;
  let held: readonly Delivery[] = [];
  for (let seq = 1; seq <= ROUNDS; seq++) {
    await broker.push(Array.from({ length: random.below(20) }, () =>
      message({
        id: `m${random.below(400)}`,
        queue: queue(),
        delayMs: random.chance(30) ? random.below(50) : 0,
        ...(random.chance(20) ? { dedupe: { key: `k${random.below(20)}`, ttlMs: 100 } } : {}),
      })));
    const settle = held.filter(() => random.chance(70)).map((one) => settlement(one, random));
    const rest = held.filter((one) => !settle.some(({ id }) => id === one.id));
    ({ claimed: held } = await broker.exchange({
      ...{ channel, seq, worker: "w", leaseMs: random.pick([5, 30_000]), trim: 100, settle },
      extend: rest.map((one) => renewal(one, "half")),
      claim: { queues: [queue(), queue()], max: 20 },
      sweep: random.chance(20),
    }));
    if (random.chance(20)) await clear(broker, random);
  }
}

function settlement(delivery: Delivery, random: Random): Settlement {
  return random.pick([succeed, bury, retry, defer])(delivery);
}

async function clear(broker: Broker, random: Random): Promise<void> {
  const { letters } = await broker.dead({ limit: 10 });
  const op = { id: newChannel(), retainMs: 0 };
  if (random.chance(50)) await broker.redrive(letters, op.id);
  else await broker.discard(letters, op);
  const ids = Array.from({ length: 10 }, () => `m${random.below(400)}`);
  const live = (await broker.read(ids)).filter((record) => record !== undefined);
  await broker.cancel(live, op);
}

for (const [name, open] of Object.entries(STORES)) {
  for (const repair of [false, true]) {
    Deno.test(`Broker.check() with repair ${repair} finds nothing amid traffic [${name}]`, async () => {
      await using ground = await open();
      let over = false;
      const traffic = Promise.all([1, 2, 3].map((seed) => bustle(ground.broker, seed)))
        .finally(() => over = true);
      let turns = 0;
      for (; !over; turns++) assertEquals((await checkAll(ground.broker, repair)).findings, []);
      await traffic;
      assert(turns > 2, `${turns} checks`);
      assertEquals((await checkAll(ground.broker)).findings, []);
    });
  }
}
