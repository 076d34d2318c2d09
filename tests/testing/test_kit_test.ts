import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Dabba, DeferError, defineTask, type Receipt, task, TaskTimeoutError } from "@dabba/queue";
import { memoryBroker, testDabba, TestKitError } from "@dabba/queue/testing";
import { z } from "zod";
import { runLikeWorkerd } from "../support/like_workerd.ts";
import { DownError, hangTask, pingTask, Service } from "./shop.ts";

const startAt = new Date("2026-03-01T12:00:00Z");
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

Deno.test("TestKit.advance() runs each attempt of a chain at its very time", async () => {
  const service = new Service();
  let now = () => 0;
  await using kit = testDabba({ tasks: { ping: pingTask(service, () => now()) } }, { startAt });
  now = () => kit.now().getTime() - startAt.getTime();
  service.up = false;
  const receipt = await kit.tasks.ping.enqueue({ url: "a" }, { delay: "30s" });
  const run = await kit.advance("15m");
  assertEquals(service.calls, [
    { at: 30 * SECOND, attempt: 1 },
    { at: 90 * SECOND, attempt: 2 },
    { at: 390 * SECOND, attempt: 3 },
  ]);
  assertEquals([run.retried, run.dead, run.failures.length], [3, 0, 3]);
  assertEquals(kit.now(), new Date(startAt.getTime() + 15 * MINUTE));
  const last = await kit.advance("15m");
  assertEquals([last.retried, last.dead, last.failures.map((one) => one.attempt)], [0, 1, [4]]);
  const { state, history } = await receipt.status();
  assertEquals([state, history[0]?.at], ["dead", "2026-03-01T12:00:30.000Z"]);
});

Deno.test("TestKit.advance() goes to an instant in parts as it does at once", async () => {
  const play = async (steps: readonly string[]) => {
    const service = new Service();
    service.up = false;
    await using kit = testDabba({ tasks: { ping: pingTask(service) } }, { startAt });
    const receipt = await kit.tasks.ping.enqueue({ url: "a" });
    for (const step of steps) await kit.advance(step);
    return (await receipt.status()).history.map(({ at }) => at);
  };
  assertEquals(await play(["30m"]), await play(["59s", "1s", "5m", "14m59s", "10m"]));
});

Deno.test("TestKit.advance() counts what handlers put off apart from what workers gave back", async () => {
  const later = defineTask("later", { input: z.null() }, (_, { fence }) => {
    if (fence < 3) throw new DeferError({ delay: "1h" });
  });
  await using kit = testDabba({ tasks: { later } });
  await kit.tasks.later.enqueue(null);
  const { deferred, handedBack, succeeded, failures } = await kit.advance("2h");
  assertEquals([deferred, handedBack, succeeded, failures], [2, 0, 1, []]);
});

Deno.test("TestKit.runUntilIdle() runs what is due and what comes of it, and lets no time pass", async () => {
  const seen: string[] = [];
  const inner = defineTask("inner", { input: z.string() }, (name) => void seen.push(name));
  const outer = defineTask("outer", { input: z.null(), queue: "mail" }, async () => {
    await kit.tasks.inner.enqueue("now", { queue: "other" });
    await kit.tasks.inner.enqueue("later", { delay: "1m" });
  });
  await using kit = testDabba({ tasks: { inner, outer } }, { startAt });
  await kit.tasks.outer.enqueue(null);
  assertEquals(seen, []);
  const run = await kit.runUntilIdle();
  assertEquals([seen, run.succeeded, kit.now()], [["now"], 2, startAt]);
  assertEquals((await kit.runUntilIdle()).succeeded, 0);
  assertEquals((await kit.advance("1m")).succeeded, 1);
  assertEquals(seen, ["now", "later"]);
});

Deno.test("TestKit.runUntilIdle() waits for a handler that waits for something real", async () => {
  const server = Deno.serve({ port: 0, onListen() {} }, () => new Response("real"));
  const url = `http://127.0.0.1:${server.addr.port}`;
  const ask = defineTask("ask", { input: z.null() }, async () => await (await fetch(url)).text());
  await using kit = testDabba({ tasks: { ask } });
  const receipt = await kit.tasks.ask.enqueue(null);
  assertEquals((await kit.runUntilIdle()).succeeded, 1);
  assertEquals(await receipt.result(), "real");
  const later = await kit.tasks.ask.enqueue(null, { delay: "1h", timeout: "1ms" });
  // However short its timeout, the handler has its real time first.
  assertEquals((await kit.advance("1h")).succeeded, 1);
  assertEquals(await later.result(), "real");
  await server.shutdown();
});

Deno.test("TestKit.advance() reaches the timeout of a handler that never ends", async () => {
  await using kit = testDabba({ tasks: { hang: hangTask("2m") } }, { patience: "5ms" });
  const receipt = await kit.tasks.hang.enqueue(null);
  assertEquals((await kit.advance("1m59s")).failures, []);
  const { failures } = await kit.advance("1s");
  assert(failures[0]?.error instanceof TaskTimeoutError);
  assertEquals((await kit.advance("3m")).dead, 1);
  assertEquals((await receipt.status()).state, "dead");
});

Deno.test("TestRun.failures says timeout, whatever the handler throws when it is aborted", async () => {
  const sulk = defineTask("sulk", { input: z.null(), timeout: "1m" }, (_, { signal }) => {
    return new Promise<void>((_, reject) => {
      signal.addEventListener("abort", () => reject(new DownError("so what")));
    });
  });
  await using kit = testDabba({ tasks: { sulk } }, { patience: "5ms" });
  await kit.tasks.sulk.enqueue(null);
  const { failures } = await kit.advance("1m");
  assertEquals((failures[0]?.error as Error).name, "TaskTimeoutError");
});

Deno.test("TestKit.advance() renews the lease of a long handler, and runs others beside it", async () => {
  const other = defineTask("other", { input: z.null() }, () => {});
  const hang = hangTask("1h");
  await using kit = testDabba({ tasks: { other, hang } }, { patience: "5ms" });
  const receipt = await kit.tasks.hang.enqueue(null);
  await kit.tasks.other.enqueue(null, { delay: "10m" });
  const run = await kit.advance("30m");
  assertEquals([run.succeeded, run.lost], [1, 0]);
  const { state, crashes } = await receipt.status();
  assertEquals([state, crashes], ["leased", 0]);
});

Deno.test("TestKit.enqueued() lists inputs as they travel, also after they have run", async () => {
  const service = new Service();
  const ping = pingTask(service);
  const options = { startAt, patience: "5ms" };
  await using kit = testDabba({ tasks: { ping, hang: hangTask("1m") } }, options);
  const dedupe = { key: "k", ttl: "1h" };
  await kit.tasks.ping.enqueue({ url: "a", since: startAt }, { delay: "1m", priority: "high" });
  await kit.tasks.ping.enqueue({ url: "b" }, { dedupe });
  await kit.tasks.ping.enqueue({ url: "c" }, { dedupe });
  await kit.tasks.hang.enqueue(null, { at: new Date(0) });
  await kit.advance("2m");
  const [first, second, ...rest] = kit.enqueued(ping);
  const since: string | undefined = first!.input.since;
  assertEquals([since, rest], [startAt.toISOString(), []]);
  assertEquals([first!.priority, first!.queue], ["high", "default"]);
  assertEquals(first!.dueAt.getTime() - first!.enqueuedAt.getTime(), MINUTE);
  assertEquals([second!.input.url, second!.dedupeKey], ["b", "k"]);
  assertEquals(kit.enqueued().map((one) => one.task), ["ping", "ping", "hang"]);
  assertEquals(kit.enqueued()[2]!.dueAt, startAt);
});

Deno.test("TestKit.enqueued() takes bound tasks, such as those of decorated methods", async () => {
  class Images {
    @task("image.resize", { input: z.object({ key: z.string() }) })
    resize({ key }: { key: string }) {
      return key;
    }
  }
  await using kit = testDabba({ tasks: { images: new Images() } });
  await kit.tasks.images.resize.enqueue({ key: "a.jpg" });
  const [only] = kit.enqueued(kit.tasks.images.resize);
  const key: string = only!.input.key;
  assertEquals(key, "a.jpg");
});

Deno.test("testDabba() lends an app's Dabba another store, and gives its own one back", async () => {
  const service = new Service();
  const own = memoryBroker();
  const dabba = new Dabba({ broker: own, tasks: { ping: pingTask(service) } });
  const worker = dabba.worker({ signals: false });
  {
    await using kit = testDabba(dabba);
    await dabba.tasks.ping.enqueue({ url: "a" });
    // A worker that was made before goes along.
    assertEquals((await worker.drain()).succeeded, 1);
    assertEquals(kit.enqueued().length, 1);
    assertEquals((await own.stats()).queues, []);
  }
  await dabba.tasks.ping.enqueue({ url: "b" }, { delay: "1h" });
  assertEquals((await own.stats()).queues.length, 1);
  await using again = testDabba(dabba);
  assertEquals(again.enqueued(), []);
});

Deno.test("testDabba() drives a worker that the test runs itself", async () => {
  const service = new Service();
  service.up = false;
  await using kit = testDabba({ tasks: { ping: pingTask(service) } });
  const stop = new AbortController();
  const run = kit.dabba.worker({ signals: false }).run({ signal: stop.signal });
  await kit.tasks.ping.enqueue({ url: "a" });
  const { retried, dead } = await kit.advance("1h");
  assertEquals([retried, dead, service.calls.length], [3, 1, 4]);
  stop.abort();
  await run;
});

Deno.test("testDabba() draws the same waits from the same seed", async () => {
  const draw = async (seed: number) => {
    const backoff = { type: "exponential", delay: "1m", maxAttempts: 8 } as const;
    const fail = defineTask("fail", { input: z.null(), backoff }, () => {
      throw new DownError("down");
    });
    await using kit = testDabba({ tasks: { fail } }, { seed, startAt });
    const receipt = await kit.tasks.fail.enqueue(null);
    await kit.advance("1d");
    return (await receipt.status()).history.map(({ at }) => at);
  };
  const [one, same, other] = [await draw(7), await draw(7), await draw(8)];
  assertEquals(one, same);
  assert(JSON.stringify(one) !== JSON.stringify(other));
  assertEquals(one.length, 8);
});

Deno.test("TestKit.close() aborts what still runs", async () => {
  const aborted = Promise.withResolvers<unknown>();
  const hang = defineTask("hang", { input: z.null() }, (_, { signal }) => {
    return new Promise<void>((_, reject) => {
      signal.addEventListener("abort", () => {
        aborted.resolve(signal.reason);
        reject(signal.reason);
      });
    });
  });
  const kit = testDabba({ tasks: { hang } }, { patience: "5ms" });
  await kit.tasks.hang.enqueue(null);
  await kit.advance("1h");
  await kit.close();
  assertEquals((await aborted.promise as Error).name, "WorkerStopping");
  await kit.close();
  await assertRejects(() => kit.tasks.hang.enqueue(null), Error, "the broker is closed");
});

Deno.test("TestKit.close() stops a worker that the test forgot", async () => {
  const dabba = new Dabba({ broker: memoryBroker(), tasks: { ping: pingTask(new Service()) } });
  const kit = testDabba(dabba);
  const run = dabba.worker({ signals: false }).run();
  await dabba.tasks.ping.enqueue({ url: "a" });
  await kit.advance("1m");
  await kit.close();
  assertEquals((await run).succeeded, 1);
});

Deno.test("testDabba() works with no permission, on a runtime without Deno and process", async () => {
  const { out, complaints } = await runLikeWorkerd(`
    const { defineTask } = await import("./mod.ts");
    const { testDabba } = await import("./src/testing/mod.ts");
    inRequest();
    delete globalThis.setImmediate;
    const schema = { "~standard": { version: 1, vendor: "x", validate: (value) => ({ value }) } };
    const task = defineTask("t", { input: schema, backoff: ["1m"] }, (n, { attempt }) => {
      if (attempt === 1) throw new Error("once");
      return n + 1;
    });
    const kit = testDabba({ tasks: { task } });
    const receipt = await kit.tasks.task.enqueue(41, { delay: "1h" });
    await kit.advance("2h");
    console.log(await receipt.result());
    await kit.close();
  `);
  assertEquals([out, complaints], ["42\n", ""]);
});

Deno.test("TestKit has a handler wait for the result of what it enqueued", async () => {
  const half = defineTask("half", { input: z.number() }, (n) => n / 2);
  const quarter = defineTask("quarter", { input: z.number() }, async (n): Promise<number> => {
    const receipt: Receipt<number> = await kit.tasks.half.enqueue(n);
    return await receipt.result() / 2;
  });
  await using kit = testDabba({ tasks: { half, quarter } });
  const receipt = await kit.tasks.quarter.enqueue(8);
  await kit.runUntilIdle();
  assertEquals(await receipt.result(), 2);
});

Deno.test("TestKit outlasts timers that the test has replaced", async () => {
  const service = new Service();
  service.up = false;
  await using kit = testDabba({ tasks: { ping: pingTask(service), hang: hangTask("1m") } }, {
    patience: "5ms",
  });
  const { setTimeout } = globalThis;
  try {
    // As with fake timers: nothing rings by itself.
    globalThis.setTimeout = (() => 0) as unknown as typeof setTimeout;
    await kit.tasks.ping.enqueue({ url: "a" });
    await kit.tasks.hang.enqueue(null);
    const { retried, dead } = await kit.advance("1h");
    assertEquals([retried, dead], [4, 2]);
  } finally {
    globalThis.setTimeout = setTimeout;
  }
});

Deno.test("TestKit.join() tests a producer that has contracts alone with the worker behind it", async () => {
  const contract = defineTask("greet", { input: z.string(), queue: "mail" });
  const greet = contract.handler((name) => `Hello ${name}`);
  const own = memoryBroker();
  const worker = new Dabba({ broker: memoryBroker(), tasks: { greet } });
  const edge = new Dabba({ broker: own, tasks: { greet: contract } });
  const orders: readonly (readonly [Dabba, Dabba])[] = [[worker, edge], [edge, worker]];
  for (const [first, second] of orders) {
    await using kit = testDabba(first);
    kit.join(second);
    assertThrows(() => kit.join(second), TestKitError, "another kit has it");
    const receipt = await edge.tasks.greet.enqueue("Ada");
    assertEquals(kit.enqueued(contract).map(({ input }) => input), ["Ada"]);
    assertEquals((await kit.runUntilIdle()).succeeded, 1);
    assertEquals(await receipt.result(), "Hello Ada");
    assertEquals(await worker.result(receipt.id), "Hello Ada");
  }
  await edge.tasks.greet.enqueue("Grace");
  assertEquals((await own.stats()).queues.length, 1);
});

Deno.test("TestKit waits for the handlers of a worker that the test runs itself, too", async () => {
  const server = Deno.serve({ port: 0, onListen() {} }, () => new Response("real"));
  const url = `http://127.0.0.1:${server.addr.port}`;
  const ask = defineTask("ask", { input: z.null(), timeout: "1s" }, async () => {
    return await (await fetch(url)).text();
  });
  await using kit = testDabba({ tasks: { ask } }, { worker: { queues: ["none"] } });
  const stop = new AbortController();
  const run = kit.dabba.worker({ signals: false }).run({ signal: stop.signal });
  await kit.tasks.ask.enqueue(null, { delay: "1m" });
  assertEquals((await kit.advance("1h")).succeeded, 1);
  await kit.tasks.ask.enqueue(null);
  assertEquals((await kit.runUntilIdle()).succeeded, 1);
  stop.abort();
  await run;
  await server.shutdown();
});
