/**
 * Whole lives in one process and in fake time: a seed draws messages, handlers that fail, put off or
 * take too long, workers that freeze or vanish, and a network that loses, doubles and delays what is
 * sent and what is answered. What must hold at the end holds for every seed.
 */

import { assert, assertEquals } from "@std/assert";
import { DeferError, defineTask, type TaskTree } from "@dabba/queue";
import { z } from "zod";
import { Random } from "../broker/contract/random.ts";
import { away, type Call, FaultyBroker } from "./faulty_broker.ts";
import type { FakeClock } from "./fake_clock.ts";
import { Rig } from "./rig.ts";

const SEEDS = Number(Deno.env.get("DABBA_SIMULATIONS") ?? 60);
const LEASE_MS = 10_000;

interface Start {
  readonly id: string;
  readonly fence: number;
  readonly attempt: number;
  readonly at: number;
}

/** A task whose handler does whatever the seed draws. */
function unsteady(random: Random, clock: () => FakeClock) {
  const starts: Start[] = [];
  const backoff = ["1s", "5s", "10s"];
  const task = defineTask(
    "unsteady",
    { input: z.number(), backoff, timeout: "20s" },
    async (n, ctx) => {
      const { id, fence, attempt } = ctx;
      starts.push({ id, fence, attempt, at: clock().now() });
      const ms = random.chance(10) ? 60_000 : random.between(1, 12_000);
      if (random.chance(30)) ctx.progress({ ms });
      await new Promise<void>((resolve) => void clock().timer(random.chance(30) ? 0 : ms, resolve));
      if (random.chance(20)) throw new Error(`failed ${n}`);
      if (random.chance(10)) throw new DeferError({ delay: "2s" });
      return id;
    },
  );
  return { starts, task };
}

/** Has a broker's calls lost, doubled and late, as the seed draws. */
function disturb(broker: FaultyBroker, random: Random, clock: FakeClock): void {
  const pause = (ms: number) => new Promise<void>((resolve) => void clock.timer(ms, resolve));
  const late = async () => {
    if (random.chance(20)) await pause(random.between(1, 3_000));
    if (random.chance(1)) await pause(2 * LEASE_MS);
  };
  broker.twice = () => random.chance(5);
  const hurt = async ({ operation }: Call) => {
    await late();
    if (random.chance(7)) throw away(operation);
  };
  broker.before = hurt;
  broker.after = hurt;
}

/** Lets a worker vanish: nothing of it reaches the store any more, nor the other way. */
function vanish(broker: FaultyBroker): void {
  broker.before = () => new Promise<never>(() => {});
  broker.after = () => new Promise<never>(() => {});
}

async function simulate(seed: number): Promise<void> {
  const random = new Random(seed);
  const { starts, task } = unsteady(random, () => rig.clock);
  const rig: Rig<{ task: typeof task }> = new Rig({ task });
  await using _ = rig;
  const receipts = await rig.tasks.task.enqueueMany(
    Array.from({ length: 30 }, (_, i) => i),
    { maxCrashes: 100 },
  );
  const start = () => {
    const broker = new FaultyBroker(rig.broker);
    disturb(broker, random, rig.clock);
    const concurrency = random.between(1, 6);
    return { broker, running: rig.run({ concurrency, lease: LEASE_MS }, undefined, broker) };
  };
  const workers = [start(), start(), start()];
  let vanished = 0;
  for (let minute = 0; (await rig.dabba.inspect.stats()).queues.length > 0; minute++) {
    assert(minute < 60, `something is left after an hour`);
    await rig.clock.advance(30_000);
    if (vanished < 3 && random.chance(50)) {
      vanish(workers.shift()!.broker);
      vanished++;
      workers.push(start());
    }
    await rig.clock.advance(30_000);
  }
  for (const { broker, running } of workers) {
    broker.before = broker.after = () => {};
    await running.stop();
  }
  for (const receipt of receipts) await checkLife(rig, starts, { id: receipt.id, vanished });
}

async function checkLife<T extends TaskTree>(
  rig: Rig<T>,
  starts: readonly Start[],
  { id, vanished }: { readonly id: string; readonly vanished: number },
): Promise<void> {
  const { state, attempts, output, history, crashes } = await rig.dabba.status(id);
  assert(state === "succeeded" || state === "dead", `it is ${state}`);
  const own = starts.filter((one) => one.id === id);
  const fences = own.map(({ fence }) => fence);
  assertEquals(
    fences,
    [...new Set(fences)].toSorted((a, b) => a - b),
    "each start has a new fence",
  );
  const told = rig.names(id);
  const count = (name: string) => told.filter((one) => one === name).length;
  // A worker that vanished could not tell; nobody else tells the same twice.
  assert(count(state) <= 1 && count(state === "dead" ? "succeeded" : "dead") === 0);
  if (vanished === 0) assertEquals(count(state), 1);
  assert(count("retried") <= (state === "dead" ? attempts - 1 : attempts));
  assertEquals(state === "dead" ? attempts === 4 : output === id, true);
  assert(own.every(({ attempt }) => attempt <= attempts), "no attempt beyond those that count");
  const failed = history.filter(({ kind }) => kind === "failed" || kind === "timed_out").length;
  assertEquals(failed, state === "dead" ? attempts : attempts - 1);
  assert(history.filter(({ kind }) => kind === "crashed").length <= crashes);
}

for (let seed = 1; seed <= SEEDS; seed++) {
  Deno.test(`Worker.run() brings each message to one end, whatever happens [seed ${seed}]`, () =>
    simulate(seed));
}
