import { assert, assertEquals } from "@std/assert";
import { defineTask } from "@dabba/queue";
import { z } from "zod";
import type { ExchangeReply } from "../../src/broker/broker.ts";
import { endOfTurn } from "../../src/turn.ts";
import { claims } from "./faulty_broker.ts";
import { Rig } from "./rig.ts";

const note = defineTask("note", { input: z.number() }, () => {});
const inputs = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Works off a backlog; gives the most claims at once, and how many messages each asked for. */
async function work(rig: Rig<{ note: typeof note }>, count: number) {
  let [open, most] = [0, 0];
  rig.broker.before = async (call) => {
    if (!claims(call)) return;
    most = Math.max(most, ++open);
    await endOfTurn();
  };
  rig.broker.after = (call) => {
    if (claims(call)) open--;
  };
  await rig.tasks.note.enqueueMany(inputs(count));
  const running = rig.run({ concurrency: 10, prefetch: false });
  await rig.until("succeeded", count);
  const summary = await running.stop();
  assertEquals([summary.claimed, summary.succeeded, summary.lost], [count, count, 0]);
  const asked = rig.broker.calls.filter(claims).map(({ args: [{ claim }] }) => claim?.max ?? 0);
  return { most, asked };
}

Deno.test("Worker.run() fetches half of a backlog while the other half runs", async () => {
  await using rig = new Rig({ note });
  rig.broker.overlaps = true;
  const { most, asked } = await work(rig, 95);
  assertEquals(most, 2);
  // The first look does not know of a backlog, and the last ones know that there is none.
  assertEquals(asked.slice(1, 15).filter((max) => max > 5), []);
});

for (const hops of [0, 1, 2, 3, 5, 8]) {
  Deno.test(`Worker.run() settles each of a backlog whose handlers take ${hops} hops`, async () => {
    const slow = defineTask("slow", { input: z.number() }, async (input) => {
      for (let hop = 0; hop < hops + input % 4; hop++) await undefined;
    });
    await using rig = new Rig({ slow });
    rig.broker.overlaps = true;
    await rig.tasks.slow.enqueueMany(inputs(300));
    const running = rig.run({ concurrency: 10 });
    await rig.until("succeeded", 300);
    const { claimed, succeeded } = await running.stop();
    assertEquals([claimed, succeeded], [300, 300]);
    const asked = rig.broker.calls.filter(claims).map(({ args: [{ claim }] }) => claim?.max ?? 0);
    assertEquals(asked.filter((max) => max < 1), []);
  });
}

Deno.test("Worker.run() looks once at a time where requests are paid for", async () => {
  await using rig = new Rig({ note });
  const { most, asked } = await work(rig, 95);
  assertEquals([most, asked[1]], [1, 10]);
});

Deno.test("Worker.drain() takes no more than its max, also of a backlog", async () => {
  await using rig = new Rig({ note });
  rig.broker.overlaps = true;
  await rig.tasks.note.enqueueMany(inputs(100));
  const drain = rig.worker({ concurrency: 10 }).drain({ max: 37 });
  const { claimed, ended } = await rig.clock.until(drain);
  assertEquals([claimed, ended], [37, "max"]);
});

Deno.test("Worker.run() asks for no tidying before something is old enough for it", async () => {
  await using rig = new Rig({ note });
  const tidied = () =>
    rig.broker.calls.filter((call) => call.operation === "exchange" && call.args[0].trim > 0)
      .length;
  rig.broker.after = (call, reply) => {
    if (call.operation !== "exchange" || call.args[0].trim === 0) return;
    const { nowMs } = reply as ExchangeReply;
    Object.assign(reply as ExchangeReply, { trimAtMs: nowMs + 60_000 });
  };
  const running = rig.run({ concurrency: 100 });
  await rig.tasks.note.enqueueMany(inputs(3_000));
  await rig.until("succeeded", 3_000);
  assert(rig.clock.now() < 30_000);
  // The first look, which was told that all is young.
  assertEquals(tidied(), 1);
  await rig.clock.advance(61_000);
  assertEquals(tidied(), 2);
  await running.stop();
});
