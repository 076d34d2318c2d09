/** Suspects: messages whose workers have vanished twice run alone, and take nobody along. */

import { assert, assertEquals, assertObjectMatch } from "@std/assert";
import { defineTask, type EnqueueOptions, type TaskContext } from "@dabba/queue";
import { z } from "zod";
import { away, breaking, claims, renews, settles } from "./faulty_broker.ts";
import { Rig } from "./rig.ts";

const LEASE_MS = 10_000;
const WORKER = { lease: LEASE_MS, concurrency: 5 };

/** A task whose handlers end when they are told to, and who runs at the moment. */
function held() {
  const running = new Map<string, () => void>();
  const seen: string[] = [];
  const hold = defineTask("hold", { input: z.string() }, (name, { signal }: TaskContext) => {
    seen.push([...running.keys(), name].join("+"));
    return new Promise<void>((resolve, reject) => {
      const end = (how: () => void) => {
        running.delete(name);
        how();
      };
      running.set(name, () => end(resolve));
      signal.addEventListener("abort", () => end(() => reject(signal.reason)));
    });
  });
  return { rig: new Rig({ hold }), running, seen };
}

type Held = ReturnType<typeof held>;

/** Has workers vanish under all that is queued, so that these are suspects when they are due again. */
async function makeSuspects(
  { rig }: Pick<Held, "rig">,
  names: readonly string[],
  { dueInMs = 100, ...options }: EnqueueOptions & { readonly dueInMs?: number } = {},
): Promise<string[]> {
  const receipts = await rig.tasks.hold.enqueueMany([...names], options);
  for (const leaseMs of [100, dueInMs]) {
    await claimAs(rig, "gone", leaseMs);
    if (leaseMs === 100) await rig.clock.advance(100);
  }
  return receipts.map(({ id }) => id);
}

async function claimAs(rig: Held["rig"], worker: string, leaseMs: number) {
  const { claimed } = await rig.broker.exchange({
    ...{ channel: crypto.randomUUID(), seq: 1, worker, leaseMs },
    claim: { queues: ["default"], max: 10 },
    ...{ settle: [], extend: [], trim: 0, sweep: false },
  });
  return claimed;
}

/** A worker that runs an innocent message, and gets a suspect a second later. */
async function company(stage: Held) {
  const { rig } = stage;
  const [id] = await makeSuspects(stage, ["suspect"], { dueInMs: 1_000 });
  await rig.tasks.hold.enqueue("innocent");
  const worker = rig.run(WORKER);
  await rig.until("started");
  await rig.clock.advance(2_000);
  assertObjectMatch(await rig.dabba.status(id!), { state: "leased", crashes: 2 });
  return { worker, id: id! };
}

Deno.test("Worker.run() begins a suspect when nothing else runs, and takes nothing beside it", async () => {
  const stage = held();
  const { rig, running, seen } = stage;
  await using _ = rig;
  const { worker } = await company(stage);
  await rig.tasks.hold.enqueue("later");
  await rig.clock.advance(LEASE_MS * 2);
  assertEquals(seen, ["innocent"], "the suspect waits, and nobody joins the innocent one");
  running.get("innocent")!();
  await rig.until("started", 2);
  await rig.clock.advance(LEASE_MS * 2);
  assertEquals(seen, ["innocent", "suspect"], "nobody joins the suspect");
  running.get("suspect")!();
  await rig.until("started", 3);
  running.get("later")!();
  await rig.until("succeeded", 3);
  await worker.stop();
});

Deno.test("Worker.run() has the store know of all that has ended before a suspect begins", async () => {
  const stage = held();
  const { rig, running, seen } = stage;
  await using _ = rig;
  const { worker } = await company(stage);
  let gone = true;
  rig.broker.before = ({ operation }) => {
    if (gone && operation === "exchange") throw away(operation);
  };
  running.get("innocent")!();
  await rig.clock.advance(5_000);
  assertEquals(seen, ["innocent"]);
  gone = false;
  await rig.until("started", 2);
  assertEquals(rig.all("succeeded").length, 1);
  running.get("suspect")!();
  await rig.until("succeeded", 2);
  await worker.stop();
});

Deno.test("Worker.run() begins no suspect while an outcome is on its way", async () => {
  const stage = held();
  const { rig, running, seen } = stage;
  await using _ = rig;
  const { worker } = await company(stage);
  const gate = Promise.withResolvers<void>();
  // Only what settles is held up: the other request of the worker would get through.
  rig.broker.before = (call) => settles(call) ? gate.promise : undefined;
  running.get("innocent")!();
  await rig.clock.advance(5_000);
  assertEquals(seen, ["innocent"]);
  gate.resolve();
  await rig.until("started", 2);
  running.get("suspect")!();
  await rig.until("succeeded", 2);
  await worker.stop();
});

Deno.test("Worker.run() tells the store that a suspect begins before it begins", async () => {
  const stage = held();
  const { rig, running, seen } = stage;
  await using _ = rig;
  const [id] = await makeSuspects(stage, ["suspect"]);
  const begins: string[][] = [];
  rig.broker.after = (call) => {
    if (!renews(call)) return;
    for (const one of call.args[0].extend) if (one.begins) begins.push([one.id, ...seen]);
  };
  const worker = rig.run(WORKER);
  await rig.until("started");
  assertEquals(begins[0], [id]);
  await rig.clock.advance(LEASE_MS);
  running.get("suspect")!();
  await rig.until("succeeded");
  await worker.stop();
});

Deno.test("Worker.run() begins a suspect once though the reply that lets it is lost", async () => {
  const stage = held();
  const { rig, running, seen } = stage;
  await using _ = rig;
  await makeSuspects(stage, ["suspect"]);
  rig.broker.after = breaking(2, { only: renews });
  const worker = rig.run(WORKER);
  await rig.until("started");
  running.get("suspect")!();
  await rig.until("succeeded");
  assertEquals(seen, ["suspect"]);
  await worker.stop();
});

Deno.test("Worker.run() keeps one suspect and hands the others back, to be run one by one", async () => {
  const stage = held();
  const { rig, running, seen } = stage;
  await using _ = rig;
  const ids = await makeSuspects(stage, ["a", "b", "c"]);
  const worker = rig.run(WORKER);
  for (let count = 1; count <= 3; count++) {
    await rig.until("started", count);
    await rig.clock.advance(1_000);
    const [[, end]] = running as unknown as [[string, () => void]];
    end();
    await rig.until("succeeded", count);
  }
  assertEquals(seen.toSorted(), ["a", "b", "c"]);
  assert(rig.all("released").length >= 2);
  for (const id of ids) assertObjectMatch(await rig.dabba.status(id), { attempts: 1, crashes: 2 });
  await worker.stop();
});

Deno.test("Worker.run() counts no crash when it vanishes before a suspect has begun", async () => {
  const stage = held();
  const { rig } = stage;
  await using _ = rig;
  const { id } = await company(stage);
  // Nothing of that worker reaches the store any more.
  rig.broker.before = (call) => claims(call) || renews(call) ? new Promise(() => {}) : undefined;
  await rig.clock.advance(LEASE_MS);
  rig.broker.before = () => {};
  const claimed = await claimAs(rig, "next", LEASE_MS);
  const crashes = Object.fromEntries(claimed.map((one) => [one.id === id, one.crashes]));
  assertEquals(crashes, { true: 2, false: 1 });
});

Deno.test("Worker.run() hands a waiting suspect back when it stops", async () => {
  const stage = held();
  const { rig } = stage;
  await using _ = rig;
  const { worker, id } = await company(stage);
  await worker.stop();
  assertObjectMatch(await rig.dabba.status(id), { state: "ready", attempts: 0, crashes: 2 });
});

Deno.test("Worker.run() begins no suspect once it stops, though its company ends in time", async () => {
  const stage = held();
  const { rig, running, seen } = stage;
  await using _ = rig;
  const { worker, id } = await company(stage);
  worker.abort();
  await rig.clock.advance(10);
  assertObjectMatch(await rig.dabba.status(id), { state: "ready", crashes: 2 });
  running.get("innocent")!();
  await rig.clock.until(worker.done);
  assertEquals(seen, ["innocent"]);
});

Deno.test("Worker.run() begins no suspect when it stops while the store is being told", async () => {
  const stage = held();
  const { rig, seen } = stage;
  await using _ = rig;
  const [id] = await makeSuspects(stage, ["suspect"]);
  const told = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  rig.broker.after = async (call) => {
    if (!renews(call) || !call.args[0].extend.some(({ begins }) => begins)) return;
    told.resolve();
    await gate.promise;
  };
  const worker = rig.run(WORKER);
  await rig.clock.until(told.promise);
  worker.abort();
  await rig.clock.advance(10);
  gate.resolve();
  await rig.clock.until(worker.done);
  assertEquals(seen, []);
  assertObjectMatch(await rig.dabba.status(id!), { state: "ready", attempts: 0, crashes: 2 });
});

Deno.test("Worker.drain() begins no suspect whose timeout no longer fits when its turn comes", async () => {
  const stage = held();
  const { rig, running, seen } = stage;
  await using _ = rig;
  const [id] = await makeSuspects(stage, ["suspect"], { timeout: "10s" });
  await rig.clock.advance(100);
  await rig.tasks.hold.enqueue("innocent");
  const draining = rig.worker(WORKER).drain({ budget: "20s" });
  await rig.until("started");
  await rig.clock.advance(10_000);
  running.get("innocent")!();
  const summary = await rig.clock.until(draining);
  assertEquals([seen, rig.names(id)], [["innocent"], ["skipped"]]);
  assertObjectMatch(summary, { succeeded: 1, handedBack: 1 });
});

Deno.test("Worker.run() goes on when a suspect is cancelled while it waits", async () => {
  const stage = held();
  const { rig, running } = stage;
  await using _ = rig;
  const { worker, id } = await company(stage);
  await rig.dabba.cancel(id);
  await rig.until("leaseLost");
  await rig.tasks.hold.enqueue("later");
  await rig.until("started", 2);
  for (const end of [...running.values()]) end();
  await rig.until("succeeded", 2);
  await worker.stop();
});

Deno.test("Worker.drain() runs suspects, each alone, until nothing is due", async () => {
  const seen: string[] = [];
  let beside = 0;
  const quick = defineTask("hold", { input: z.string() }, async (name) => {
    seen.push(name);
    beside++;
    await undefined;
    assertEquals(name.startsWith("suspect") ? beside : 1, 1);
    beside--;
  });
  const rig = new Rig({ hold: quick });
  await using _ = rig;
  await makeSuspects({ rig: rig as unknown as Held["rig"] }, ["suspect a", "suspect b"]);
  await rig.clock.advance(100);
  await rig.tasks.hold.enqueueMany(["x", "y", "z"]);
  const summary = await rig.clock.until(rig.worker(WORKER).drain());
  assertEquals(seen.toSorted(), ["suspect a", "suspect b", "x", "y", "z"]);
  assertObjectMatch(summary, { succeeded: 5, ended: "empty" });
});

/** Ten suspects that are due, and end at once when they run. */
async function crowd() {
  const rig = new Rig({ hold: defineTask("hold", { input: z.string() }, () => {}) });
  await makeSuspects({ rig: rig as unknown as Held["rig"] }, Array.from("abcdefghij"));
  await rig.clock.advance(100);
  return rig;
}

Deno.test("Worker.drain() claims suspects one at a time once they come in numbers", async () => {
  await using rig = await crowd();
  const summary = await rig.clock.until(rig.worker({ ...WORKER, concurrency: 10 }).drain());
  // Ten at the first look, nine of which go back, then one at a time.
  assertObjectMatch(summary, { claimed: 19, succeeded: 10, handedBack: 9, ended: "empty" });
});

Deno.test("Worker.drain() with max counts no suspect that it hands back to be run alone", async () => {
  await using rig = await crowd();
  const drain = rig.worker({ ...WORKER, concurrency: 10 }).drain({ max: 9 });
  assertObjectMatch(await rig.clock.until(drain), { succeeded: 9, ended: "max" });
});

Deno.test("Worker.drain() takes many at once again when no more suspects come", async () => {
  await using rig = await crowd();
  const asked: number[] = [];
  rig.broker.before = (call) => {
    if (claims(call)) asked.push(call.args[0].claim!.max);
  };
  await rig.tasks.hold.enqueueMany(Array.from({ length: 40 }, (_, i) => `later ${i}`));
  const summary = await rig.clock.until(rig.worker({ ...WORKER, concurrency: 10 }).drain());
  assertObjectMatch(summary, { succeeded: 50, ended: "empty" });
  assert(asked.includes(1) && asked.slice(asked.indexOf(1)).some((max) => max >= 10), asked.join());
});
