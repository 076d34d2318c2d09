import { assert, assertEquals } from "@std/assert";
import { defineTask } from "@dabba/queue";
import { z } from "zod";
import type { CheckPage } from "../../src/broker/broker.ts";
import { away, refused } from "./faulty_broker.ts";
import { Rig } from "./rig.ts";

const noop = defineTask("noop", { input: z.number() }, () => {});
const FOUND = { id: "m", problem: "unlisted", detail: "it is in no line", repaired: true } as const;

/** A rig whose store is a server that has been up for so long, in milliseconds, and has pages to check. */
function served(uptimeMs: () => number | undefined, pages = 1) {
  const rig = new Rig({ noop });
  const asked = { uptimes: 0 };
  rig.broker.uptimeMs = async () => {
    asked.uptimes++;
    return await uptimeMs();
  };
  rig.broker.check = async ({ repair, after = "0" }): Promise<CheckPage> => {
    rig.broker.calls.push({ operation: "check", args: [{ repair, after }] });
    await rig.broker.before(rig.broker.calls.at(-1)!);
    const next = Number(after) + 1;
    return {
      findings: after === "0" ? [FOUND] : [],
      checked: 10,
      next: next < pages ? `${next}` : undefined,
    };
  };
  return { rig, asked };
}

/** Has the store be away for a while. */
async function outage(rig: Rig<{ noop: typeof noop }>, ms: number): Promise<void> {
  rig.broker.before = ({ operation }) => {
    throw away(operation);
  };
  await rig.clock.advance(ms);
  rig.broker.before = () => {};
  await rig.until("recovered");
}

Deno.test("Worker.run() asks for no uptime and checks nothing while its store answers", async () => {
  const { rig, asked } = served(() => 0);
  const running = rig.run();
  await rig.clock.advance(600_000);
  await running.stop();
  assertEquals([asked.uptimes, rig.broker.count("check")], [0, 0]);
  await rig.dabba.close();
});

Deno.test("Worker.run() repairs all pages of a store that was restarted, once, and tells of it", async () => {
  const { rig, asked } = served(() => 1_000, 5);
  const running = rig.run();
  await rig.clock.advance(5_000);
  await outage(rig, 10_000);
  const event = await rig.until("repaired");
  assertEquals([event.checked, event.findings], [50, [{ id: "m", problem: "unlisted" }]]);
  await rig.clock.advance(600_000);
  await running.stop();
  const pages = rig.broker.calls.flatMap((call) => call.operation === "check" ? call.args : []);
  assertEquals(pages.map(({ after }) => after), ["0", "1", "2", "3", "4"]);
  assert(pages.every(({ repair }) => repair));
  assertEquals([asked.uptimes, rig.all("repaired").length], [1, 1]);
  await rig.dabba.close();
});

Deno.test("Worker.run() checks nothing after an outage of a store that stayed up, or does not tell", async () => {
  for (const uptimeMs of [3_600_000, undefined]) {
    const { rig, asked } = served(() => uptimeMs);
    const running = rig.run();
    await rig.clock.advance(5_000);
    await outage(rig, 10_000);
    await rig.clock.advance(60_000);
    await running.stop();
    assertEquals([asked.uptimes, rig.broker.count("check")], [1, 0]);
    await rig.dabba.close();
  }
});

Deno.test("Worker.run() begins the repair anew when the store was away in the middle of it", async () => {
  const { rig } = served(() => 60_000, 3);
  const running = rig.run();
  await rig.clock.advance(60_000);
  let broken = false;
  rig.broker.before = ({ operation }) => {
    if (operation !== "check" || broken) return;
    // Up for longer than this second outage: the first one is what counts still.
    broken = true;
    rig.broker.before = (call) => {
      if (call.operation !== "check") throw away(call.operation);
    };
    throw away("check");
  };
  const healing = rig.broker.before;
  rig.broker.before = ({ operation }) => {
    throw away(operation);
  };
  await rig.clock.advance(60_000);
  rig.broker.before = healing;
  await rig.until("recovered");
  await rig.clock.advance(20_000);
  rig.broker.before = () => {};
  await rig.until("repaired");
  await running.stop();
  assert(broken);
  await rig.dabba.close();
});

Deno.test("Worker.run() works on where it may not repair, and says so", async () => {
  const { rig } = served(() => 0);
  rig.broker.check = () => Promise.reject(refused("check"));
  const running = rig.run();
  await rig.clock.advance(5_000);
  await outage(rig, 10_000);
  const { error } = await rig.until("alarm");
  assert(error.message.includes("check"));
  await rig.tasks.noop.enqueue(1);
  await rig.until("succeeded");
  await running.stop();
  await rig.dabba.close();
});

Deno.test("Worker.run() stops in the middle of a repair", async () => {
  const { rig } = served(() => 0, 1_000);
  const running = rig.run();
  await rig.clock.advance(5_000);
  await outage(rig, 10_000);
  await rig.clock.advance(200);
  await running.stop();
  const pages = rig.broker.count("check");
  assert(pages > 0 && pages < 1_000, `${pages} pages`);
  assertEquals(rig.clock.timers, 0);
  await rig.dabba.close();
});
