/** Workers that may spend so many commands a month. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { defineTask, redisBroker } from "@dabba/queue";
import { z } from "zod";
import { Rig } from "./rig.ts";

const HOUR_MS = 3_600_000;
const MONTH_HOURS = 720;
const quick = defineTask("quick", { input: z.number() }, () => {});

/** A rig whose store has Redis' prices, and looks every second where nothing else is said. */
function priced() {
  const rig = new Rig({ quick }, { polling: { minMs: 250, maxMs: 1_000 } });
  const broker = redisBroker({ url: "https://example.upstash.io", token: "t" });
  rig.broker.costs = () => broker.costs();
  const told: number[] = [];
  rig.events.on("overBudget", ({ commandsPerMonth }) => void told.push(commandsPerMonth));
  return { rig, told };
}

/** What the store has billed so far: a probe is one command, a look in vain four, a sweep some more. */
function spent({ broker }: Rig<{ quick: typeof quick }>): number {
  const costs = broker.costs!();
  return broker.calls.reduce((sum, call) => {
    if (call.operation === "probe") return sum + costs.probe;
    if (call.operation !== "exchange") return sum;
    return sum + (call.args[0].sweep ? costs.sweep(1) : costs.look);
  }, 0);
}

for (const commandsPerMonth of [10_000, 100_000, 1_000_000]) {
  Deno.test(`Worker.run() that is idle spends no more than ${commandsPerMonth} commands a month`, async () => {
    const { rig, told } = priced();
    await using _ = rig;
    const worker = rig.run({ budget: { commandsPerMonth } });
    await rig.clock.advance(HOUR_MS);
    const before = spent(rig);
    await rig.clock.advance(10 * HOUR_MS);
    const hourly = (spent(rig) - before) / 10;
    const allowed = commandsPerMonth / MONTH_HOURS;
    assert(hourly <= allowed * 1.05, `${hourly} commands an hour, ${allowed} are allowed`);
    assert(hourly >= allowed * 0.7, `${hourly} commands an hour, of ${allowed}`);
    assertEquals(told, []);
    await worker.stop();
  });
}

Deno.test("Worker.run() with a budget that is never reached looks as often as without one", async () => {
  const { rig } = priced();
  await using _ = rig;
  const worker = rig.run({ budget: { commandsPerMonth: 100_000_000 } });
  await rig.clock.advance(HOUR_MS);
  const probes = rig.broker.count("probe");
  assert(probes >= 3_000 && probes <= 4_800, `${probes} probes`);
  await worker.stop();
});

Deno.test("Worker.run() does its work though the budget is spent, and tells once an hour", async () => {
  const { rig, told } = priced();
  await using _ = rig;
  const inputs = Array.from({ length: 200 }, (_, i) => i);
  for (const delay of ["10m", "80m", "150m"]) await rig.tasks.quick.enqueueMany(inputs, { delay });
  const worker = rig.run({ concurrency: 1, budget: { commandsPerMonth: 7_200 } });
  await rig.clock.advance(3 * HOUR_MS);
  assertEquals(rig.all("succeeded").length, 600);
  assertEquals(told, [7_200, 7_200, 7_200]);
  await worker.stop();
});

Deno.test("Worker.run() with a budget begins a delayed message when it is due", async () => {
  const { rig } = priced();
  await using _ = rig;
  await rig.tasks.quick.enqueue(1, { delay: "90m" });
  const worker = rig.run({ budget: { commandsPerMonth: 720 } });
  await rig.clock.advance(89 * 60_000);
  assertEquals(rig.all("started").length, 0);
  await rig.clock.advance(2 * 60_000);
  assertEquals(rig.all("succeeded").length, 1);
  await worker.stop();
});

for (
  const [budget, error] of [[{}, TypeError], [5, TypeError], [
    { commandsPerMonth: 0 },
    RangeError,
  ]] as const
) {
  Deno.test(`Dabba.worker() refuses the budget ${JSON.stringify(budget)}`, async () => {
    const { rig } = priced();
    await using _ = rig;
    assertThrows(() => rig.dabba.worker({ budget: budget as never }), error, "commandsPerMonth");
  });
}
