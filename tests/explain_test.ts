/** What `dabba.explain()` says, beside what Redis and the gateway have counted. */

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Dabba, defineTask, type Explanation, redisBroker } from "@dabba/queue";
import { sqliteBroker } from "@dabba/queue/sqlite";
import { memoryBroker } from "@dabba/queue/testing";
import { z } from "zod";
import { message, newChannel, succeed } from "./broker/contract/messages.ts";
import { countCommands, openRig } from "./broker/redis/rig.ts";
import { redisGateway } from "./support/redis_gateway.ts";
import { startRedisServer } from "./support/redis_server.ts";
import { Rig } from "./worker/rig.ts";

const HOUR_MS = 3_600_000;

function near(counted: number, told: number, part: number, what: string): void {
  assert(Math.abs(counted - told) <= told * part, `${what}: counted ${counted}, told ${told}`);
}

Deno.test("RedisBroker.costs() says what Redis counts of each call", async () => {
  await using rig = await openRig({ serverClock: true, ownServer: true });
  const { broker } = rig;
  const costs = broker.costs();
  const channel = newChannel();
  let seq = 0;
  const request = () => ({
    ...{ channel, seq: ++seq, worker: "w", leaseMs: 60_000 },
    ...{ settle: [], extend: [], trim: 0, sweep: false },
  });
  const claim = { queues: ["q"], max: 100 };
  const ids = (word: string) => Array.from({ length: 100 }, (_, i) => message(`${word}${i}`));
  await broker.push([message("warm")]);
  await broker.probe(["q"]);
  await broker.read(["warm"]);
  const warm = await broker.exchange({ ...request(), claim });
  const settle = (claimed: typeof warm.claimed) => claimed.map((one) => succeed(one));
  await broker.exchange({ ...request(), settle: settle(warm.claimed), claim });
  const count = async (act: () => Promise<unknown>) => (await countCommands(rig, act)).length;

  let claimed = warm.claimed;
  assertEquals(await count(() => broker.push(ids("a"))), costs.push);
  assertEquals(await count(() => broker.probe(["q", "r", "s"])), costs.probe);
  assertEquals(
    await count(async () => ({ claimed } = await broker.exchange({ ...request(), claim }))),
    costs.claim,
  );
  const names = ids("a").map(({ id }) => id);
  assertEquals(await count(() => broker.read(names)), costs.read);
  assertEquals(await count(() => broker.read(names, "outcome")), costs.outcome);
  await broker.push(ids("b"));
  const both = { ...request(), settle: settle(claimed), claim };
  assertEquals(
    await count(async () => ({ claimed } = await broker.exchange(both))),
    costs.settleAndClaim,
  );
  const done = { ...request(), settle: settle(claimed), claim };
  assertEquals(await count(() => broker.exchange(done)), costs.settle);
  assertEquals(await count(() => broker.exchange({ ...request(), claim })), costs.look);
  const queues = ["q", "r", "s"];
  // The first one forgets the line, which is empty now.
  await broker.exchange({ ...request(), claim, sweep: true });
  const swept = { ...request(), claim: { ...claim, queues }, sweep: true, trim: 1_000 };
  assertEquals(await count(() => broker.exchange(swept)), costs.sweep(3));
});

/** A gateway with a Redis of its own, a Dabba behind it, and what the gateway has billed. */
async function open(concurrency: number) {
  const resources = new AsyncDisposableStack();
  const { url: redis } = resources.use(await startRedisServer());
  const { url, token, namespace } = resources.use(await redisGateway({ redis }));
  const square = defineTask("square", { input: z.number() }, (n) => n * n);
  const broker = redisBroker({ url, token, namespace });
  const dabba = resources.use(new Dabba({ broker, tasks: { square } }));
  const headers = { authorization: `Bearer ${token}` };
  const billing = async () => {
    const reply = await fetch(`${url}/billing`, { headers });
    return (await reply.json()).result.commands as number;
  };
  // It does not look by itself while the test counts.
  const options = { concurrency, polling: { min: "10m", max: "10m" }, signals: false } as const;
  const stop = new AbortController();
  const running = dabba.worker(options).run({ signal: stop.signal });
  resources.defer(async () => {
    stop.abort();
    await running;
  });
  const receipt = await dabba.tasks.square.enqueue(0);
  await receipt.result();
  const dispose = () => resources.disposeAsync();
  return { dabba, billing, [Symbol.asyncDispose]: dispose };
}

Deno.test("Dabba.explain() tells what the gateway counts of messages alone", async () => {
  await using stage = await open(1);
  const { dabba, billing } = stage;
  const { commandsPerMessage } = dabba.explain();
  const succeeded = nextSuccess(dabba);
  const before = await billing();
  for (let n = 1; n <= 50; n++) {
    const receipt = await dabba.tasks.square.enqueue(n);
    await succeeded(1);
    assertEquals(await receipt.result(), n * n);
  }
  near((await billing() - before) / 50, commandsPerMessage.alone, 0.02, "commands a message");
});

Deno.test("Dabba.explain() tells what the gateway counts of messages in batches of 100", async () => {
  await using stage = await open(100);
  const { dabba, billing } = stage;
  const { commandsPerMessage } = dabba.explain();
  const succeeded = nextSuccess(dabba);
  const before = await billing();
  for (let batch = 0; batch < 20; batch++) {
    const receipts = await dabba.tasks.square.enqueueMany(Array.from({ length: 100 }, (_, n) => n));
    await succeeded(100);
    await dabba.status(receipts[0]!.id);
  }
  // A batch whose successor is not there yet is settled and claimed by two requests.
  near((await billing() - before) / 2_000, commandsPerMessage.batched, 0.35, "commands a message");
});

/** Waits until so many more messages have succeeded. */
function nextSuccess(dabba: Pick<Dabba, "on">): (count: number) => Promise<void> {
  let count = 0;
  let wake = Promise.withResolvers<void>();
  dabba.on("succeeded", () => {
    count++;
    wake.resolve();
    wake = Promise.withResolvers();
  });
  return async (wanted) => {
    while (count < wanted) await wake.promise;
    count -= wanted;
  };
}

function explained(
  queues: number,
  wake = true,
): Explanation & { readonly names: readonly string[] } {
  const names = Array.from({ length: queues }, (_, i) => `q${i}`);
  const broker = redisBroker({ url: "https://example.upstash.io", token: "t" });
  const dabba = new Dabba({ broker, tasks: {} });
  return { ...dabba.explain({ queues: names, wake }), names };
}

for (const [queues, wake] of [[1, true], [50, true], [1, false], [50, false]] as const) {
  const how = `${queues} queues, ${wake ? "called" : "polling"}`;
  Deno.test(`Dabba.explain() tells what an idle hour costs with ${how}`, async () => {
    const { names, idleCommandsPerMonth } = explained(queues, wake);
    const polling = { minMs: 250, maxMs: 5_000 };
    await using rig = new Rig({}, { polling, open: memoryBroker });
    const costs = redisBroker({ url: "https://example.upstash.io", token: "t" }).costs();
    let spent = 0;
    rig.broker.before = (call) => {
      const full = () => call.operation === "exchange" && call.args[0].sweep;
      spent += call.operation === "probe" ? costs.probe : full() ? costs.sweep(queues) : costs.look;
    };
    const worker = rig.run({ queues: names, wake });
    await rig.clock.advance(600_000);
    spent = 0;
    await rig.clock.advance(4 * HOUR_MS);
    near(spent / 4, idleCommandsPerMonth.worker / 720, 0.1, "commands an hour");
    if (queues === 1 && wake) assert(spent / 4 <= 60, `${spent / 4} commands an hour`);
    await worker.stop();
  });
}

Deno.test("Dabba.explain() tells that a drain each minute costs a command and little more", () => {
  assertEquals(Math.round(explained(1).idleCommandsPerMonth.cron / 720), 60);
  assertEquals(Math.round(explained(50).idleCommandsPerMonth.cron / 720), 67);
});

Deno.test("Dabba.explain() reckons with a price, and says it in words", () => {
  const broker = redisBroker({ url: "https://example.upstash.io", token: "t", keyLocking: true });
  const task = defineTask("t", { input: z.string(), maxCrashes: 3 }, () => {});
  const dabba = new Dabba({ broker, tasks: { task } });
  const free = dabba.explain({ pricePerMillion: 0, messages: 0 });
  assertEquals(free.pricePerMonth, { alone: 0, batched: 0 });
  const paid = dabba.explain({ concurrency: 50 });
  assertEquals(paid.billed, true);
  assertEquals(paid.pricePerMillionMessages.alone, 42.04);
  assertEquals(paid.duplicates, { perCrash: 50, perMessage: 3 });
  assertStringIncludes(paid.locks, "the keys of its namespace");
  const text = String(paid);
  for (
    const word of [
      "paid for by the command",
      "21.02 commands alone",
      "$42.04",
      "50 messages",
      "at $2 a million",
    ]
  ) {
    assertStringIncludes(text, word);
  }
});

Deno.test("Dabba.explain() of a store without prices counts nothing", async () => {
  await using dabba = new Dabba({ broker: sqliteBroker({ path: ":memory:" }), tasks: {} });
  const { billed, commandsPerMessage, idleCommandsPerMonth, locks } = dabba.explain({
    queues: ["q"],
  });
  assertEquals(billed, false);
  assertEquals(String(dabba.explain({ queues: ["q"] })).split("\n").length, 3);
  assertEquals(commandsPerMessage, { alone: 0, batched: 0 });
  assertEquals(idleCommandsPerMonth, { worker: 0, cron: 0 });
  assertStringIncludes(locks, "file");
});

for (const [name, value] of [["pricePerMillion", -1], ["messages", Infinity], ["messages", NaN]]) {
  Deno.test(`Dabba.explain() refuses ${name} ${value}`, async () => {
    await using dabba = new Dabba({ broker: sqliteBroker({ path: ":memory:" }), tasks: {} });
    assertThrows(
      () => dabba.explain({ queues: ["q"], [name as string]: value }),
      RangeError,
      `Cannot explain with ${name} ${value}`,
    );
  });
}
