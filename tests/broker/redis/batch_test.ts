/** The largest requests: all that Lua's stack and a command's arguments are asked to carry. */

import { assertEquals } from "@std/assert";
import { type Delivery, MAX_BATCH, type Settlement } from "../../../src/broker/broker.ts";
import {
  bury,
  defer,
  expire,
  idsOf,
  newChannel,
  renewal,
  retry,
  succeed,
  target,
} from "../contract/messages.ts";
import { LEASE_MS } from "../contract/stage.ts";
import { openRig } from "./rig.ts";

const OP = { id: "op", retainMs: 0 };
const ids = (prefix: string) => Array.from({ length: MAX_BATCH }, (_, i) => `${prefix}${i}`);

const SETTLE: readonly ((delivery: Delivery) => Settlement)[] = [
  (one) => succeed(one, { result: `r-${one.id}` }),
  (one) => expire(one),
  (one) => retry(one, { delayMs: LEASE_MS, journal: `j-${one.id}` }),
  (one) => bury(one, { journal: `j-${one.id}` }),
  (one) => defer(one, { delayMs: LEASE_MS }),
];

Deno.test("RedisBroker.exchange() settles, renews, claims and trims 1,000 each at once", async () => {
  await using rig = await openRig();
  const { stage } = rig;
  await stage.push(...ids("past"));
  await stage.settle(...(await stage.claim({ max: MAX_BATCH })).map((one) => succeed(one)));
  rig.clock.advance(3_600_000);
  for (const prefix of ["settle", "extend", "claim"]) {
    await stage.push(...ids(prefix));
    // By a clock that stands still, the order holds for a thousand in a line.
    rig.clock.advance(1);
  }
  const settled = await stage.claim({ max: MAX_BATCH });
  const renewed = await stage.claim({ max: MAX_BATCH });
  // With progress, so that there is a third field of each to be written and emptied.
  await stage.extend(...settled.map((one) => renewal(one, "half")));
  const reply = await stage.exchange({
    settle: settled.map((one, index) => SETTLE[index % SETTLE.length]!(one)),
    extend: renewed.map((one) => renewal(one, "half")),
    claim: { queues: ["q"], max: MAX_BATCH },
    trim: MAX_BATCH,
  });
  assertEquals(new Set([...reply.settled, ...reply.extended]), new Set(["ok"]));
  assertEquals(idsOf(reply.claimed), ids("claim"));
  const states = await stage.states(...ids("settle"));
  const expected = ["succeeded", "expired", "scheduled", "dead", "scheduled"];
  assertEquals(states, states.map((_, index) => expected[index % SETTLE.length]));
  assertEquals(await stage.states(...ids("past")), ids("past").map(() => undefined));
});

Deno.test("RedisBroker.exchange() repeats a batch of 1,000, and the settlements of as many", async () => {
  await using rig = await openRig();
  const { stage } = rig;
  const channel = newChannel();
  await stage.push(...ids("a"));
  rig.clock.advance(1);
  await stage.push(...ids("b"));
  const first = await stage.claim({ channel, seq: 1, max: MAX_BATCH });
  const settle = first.map((one, index) => SETTLE[index % SETTLE.length]!(one));
  const request = { channel, seq: 2, settle, claim: { queues: ["q"], max: MAX_BATCH } };
  const reply = await stage.exchange(request);
  assertEquals(idsOf(reply.claimed), ids("b"));
  assertEquals(await stage.exchange(request), reply);
});

Deno.test("RedisBroker.push() keeps the rules over 1,000 keys and ids", async () => {
  await using rig = await openRig();
  const { stage } = rig;
  const keyed = (prefix: string) =>
    ids(prefix).map((id, index) => ({
      id,
      nonce: `n-${id}`,
      queue: `q${index % 7}`,
      expiresInMs: 1 + index,
      dedupe: { key: `k${index}`, ttlMs: 1_000_000 },
    }));
  const first = await stage.push(...keyed("a"));
  assertEquals(new Set(first.map(({ disposition }) => disposition)), new Set(["enqueued"]));
  const second = await stage.push(...keyed("b"));
  assertEquals(second, ids("a").map((id) => ({ id, disposition: "duplicate" })));
  // From now on half of the winners have expired, and their keys are free.
  rig.clock.advance(500);
  const third = await stage.push(...keyed("c"));
  assertEquals(third.filter(({ disposition }) => disposition === "enqueued").length, 500);
});

Deno.test("RedisBroker redrives and discards 1,000 letters, and reads them page by page", async () => {
  await using rig = await openRig();
  const { broker, stage } = rig;
  await stage.push(...ids("m"));
  await stage.settle(...(await stage.claim({ max: MAX_BATCH })).map((one) => bury(one)));
  const page = await broker.dead({ limit: MAX_BATCH - 1 });
  assertEquals(page.total, MAX_BATCH);
  const rest = await broker.dead({ limit: MAX_BATCH, after: page.next });
  assertEquals(idsOf([...page.letters, ...rest.letters]), ids("m").reverse());
  const half = ids("m").slice(500).map((id) => target(id, "r"));
  assertEquals(await broker.discard(half, OP), half.map(() => "discarded"));
  const all = ids("m").map((id) => target(id));
  const answers = await broker.redrive(all, "op");
  assertEquals(answers.filter((answer) => answer === "redriven").length, 500);
  assertEquals((await stage.claim({ max: MAX_BATCH })).length, 500);
});

Deno.test("RedisBroker.stats() counts more lines than one script takes", async () => {
  await using rig = await openRig();
  const queues = ids("q");
  await rig.stage.push(...queues.map((queue) => ({ id: `in-${queue}`, queue })));
  const stats = await rig.broker.stats();
  assertEquals(stats.queues.map(({ queue, ready }) => [queue, ready]), [
    ...queues.toSorted().map((queue) => [queue, 1]),
  ]);
  const claimed = await rig.stage.claim({ queues, max: MAX_BATCH });
  assertEquals(claimed.map(({ queue }) => queue), queues);
});
