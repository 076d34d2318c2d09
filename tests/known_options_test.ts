/** Mistyped options: each door refuses them at once, by name, before any I/O. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Dabba, defineTask, denoCron, scheduled, tickOnce } from "@dabba/queue";
import { gateway } from "@dabba/queue/gateway";
import { dabbaRoutes, withTasks } from "@dabba/queue/hono";
import { openKv } from "@dabba/queue/kv-queue";
import { RedisBroker, redisBroker } from "@dabba/queue/redis";
import { sqliteBroker } from "@dabba/queue/sqlite";
import { memoryBroker, testDabba } from "@dabba/queue/testing";
import { z } from "zod";
import { FaultyBroker } from "./worker/faulty_broker.ts";

const greet = defineTask("greet", { input: z.object({ name: z.string() }) }, ({ name }) => name);
const tasks = { greet };
const [url, token, secret] = ["https://a.example", "a-token", "lunch-at-twelve-sharp"];
const open = () => new Dabba({ broker: memoryBroker(), tasks });

/** What a caller without a compiler, or with a cast, may write: by the name that is none. */
const mistyped: Record<string, (dabba: Dabba<typeof tasks>) => unknown> = {
  "new Dabba({ brokr })": () => new Dabba({ tasks, brokr: memoryBroker() } as never),
  "dabba.worker({ concurency })": (dabba) => dabba.worker({ concurency: 50 } as never),
  "dabba.worker({ budgt })": (dabba) => dabba.worker({ budgt: { commandsPerMonth: 9 } } as never),
  "dabba.explain({ price })": (dabba) => dabba.explain({ price: 2 } as never),
  "denoCron({ shedule })": (dabba) => denoCron(dabba, { shedule: "0 * * * *" } as never),
  "scheduled({ bugdet })": (dabba) => scheduled(dabba, { bugdet: "25s" } as never),
  "withTasks({ mountAt })": (dabba) => withTasks(dabba, { mountAt: "/queue" } as never),
  "withTasks({ kick: { onerror } })": (dabba) =>
    withTasks(dabba, { kick: { onerror() {} } as never }),
  "dabbaRoutes({ secrets })": (dabba) => dabbaRoutes(dabba, { secret, secrets: [] } as never),
  "dabbaRoutes({ routes: { task } })": (dabba) =>
    dabbaRoutes(dabba, { secret, routes: { task: false } as never }),
  "dabbaRoutes({ openapi: { acces } })": (dabba) =>
    dabbaRoutes(dabba, { secret, openapi: { acces: "secret" } as never }),
  "dabbaRoutes({ drain: { maximum } })": (dabba) =>
    dabbaRoutes(dabba, { secret, drain: { maximum: 5 } as never }),
  "redisBroker({ nameSpace })": () => redisBroker({ url, token, nameSpace: "shop" } as never),
  "new RedisBroker({ time })": () => new RedisBroker({ url, token, time: 500 } as never),
  "redisBroker({ retention: { days } })": () =>
    redisBroker({ url, token, retention: { days: 3 } as never }),
  "redisBroker({ deadLetters: { max } })": () =>
    redisBroker({ url, token, deadLetters: { max: 3 } as never }),
  "sqliteBroker({ file })": () => sqliteBroker({ file: "shop.db" } as never),
  "gateway({ readonlyToken })": () =>
    gateway({ redis: "redis://127.0.0.1", token, readonlyToken: "x" } as never),
  "testDabba({ inlin })": () => testDabba({ tasks }, { inlin: true } as never),
  "testDabba({ worker: { lees } })": () => testDabba({ tasks }, { worker: { lees: 9 } as never }),
};

for (const [call, make] of Object.entries(mistyped)) {
  Deno.test(`${call} is refused, by the name that is none`, async () => {
    await using dabba = open();
    const [, wrong] = /(\w+) (?:\} )*\}\)$/.exec(call)!;
    assertThrows(() => make(dabba), TypeError, `there is no option "${wrong}"; there are `);
  });
}

Deno.test("mistyped options of what asks the store are refused before it does", async () => {
  const broker = new FaultyBroker(sqliteBroker({ path: ":memory:" }));
  await using dabba = new Dabba({ broker, tasks });
  const worker = dabba.worker();
  const runs = {
    sginal: () => worker.run({ sginal: AbortSignal.abort() } as never),
    bugdet: () => worker.drain({ bugdet: "9s" } as never),
    maximum: () => tickOnce(dabba, { maximum: 5 } as never),
    tasks: () => dabba.inspect.dead({ tasks: "greet" } as never),
    repare: () => dabba.inspect.check({ repare: true } as never),
  };
  for (const [name, run] of Object.entries(runs)) {
    await assertRejects(run, TypeError, `there is no option "${name}"`);
  }
  for (const signal of [new AbortController(), null, "abort"] as never[]) {
    for (const run of [() => worker.run({ signal }), () => worker.drain({ signal })]) {
      await assertRejects(run, TypeError, "Cannot use signal: expected an AbortSignal");
    }
  }
  assertEquals(broker.calls.length, 0);
});

Deno.test("openKv(), listenQueue() and drainQueue() refuse mistyped options", async () => {
  const broker = memoryBroker();
  await assertRejects(() => openKv({ brokr: broker } as never), TypeError, '"brokr"');
  await using db = await openKv({ broker });
  await assertRejects(() => db.listenQueue(() => {}, { concurency: 5 } as never), TypeError);
  await assertRejects(() => db.drainQueue(() => {}, { bugdet: "5s" } as never), TypeError);
});

Deno.test("Dabba.on() and new Dabba({ on }) refuse events that there are none of, and list them", async () => {
  await using dabba = open();
  for (const name of ["failed", "succeded", "toString"]) {
    const text = `Cannot listen to "${name}": there is no such event; there are enqueued, `;
    assertThrows(() => dabba.on(name as never, () => {}), TypeError, text);
    const options = { broker: memoryBroker(), tasks, on: { [name]: () => {} } };
    assertThrows(() => new Dabba(options as never), TypeError, text);
  }
});

Deno.test("dabbaRoutes() refuses a word that would leave open what it should close", async () => {
  await using dabba = open();
  const messages = "private" as never;
  assertThrows(() => dabbaRoutes(dabba, { secret, messages }), TypeError, '"open" or "secret"');
  const openapi = { access: "Secret" } as never;
  assertThrows(() => dabbaRoutes(dabba, { secret, openapi }), TypeError, '"open" or "secret"');
});
