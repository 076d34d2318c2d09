import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { Dabba, defineTask, UnknownTaskError } from "@dabba/queue";
import { memoryBroker, testDabba, TestKitError } from "@dabba/queue/testing";
import { z } from "zod";
import { hangTask, pingTask, Service } from "./shop.ts";

const ping = pingTask(new Service());

Deno.test("testDabba() refuses a second kit, until the first one is closed", async () => {
  const dabba = new Dabba({ broker: memoryBroker(), tasks: { ping } });
  {
    await using _kit = testDabba(dabba);
    assertThrows(() => testDabba(dabba), TestKitError, "another kit has it");
  }
  await testDabba(dabba).close();
});

Deno.test("testDabba() refuses a Dabba whose worker is at work", async () => {
  const dabba = new Dabba({ broker: memoryBroker(), tasks: { ping } });
  const stop = new AbortController();
  const run = dabba.worker({ signals: false }).run({ signal: stop.signal });
  assertThrows(() => testDabba(dabba), TestKitError, "stop it first");
  stop.abort();
  await run;
  await testDabba(dabba).close();
});

Deno.test("TestKit refuses two calls at once, and calls after its end", async () => {
  const kit = testDabba({ tasks: { ping } });
  const first = kit.advance("1h");
  await assertRejects(() => kit.runUntilIdle(), TestKitError, "while advance() goes on");
  await first;
  await kit.close();
  await assertRejects(() => kit.advance("1h"), TestKitError, "the kit is closed");
  assertThrows(() => kit.enqueued(), TestKitError, "the kit is closed");
});

Deno.test("TestKit.advance() called by a handler is refused, and so fails its attempt", async () => {
  const impatient = defineTask("impatient", { input: z.null(), backoff: [] }, async () => {
    await kit.advance("1h");
  });
  await using kit = testDabba({ tasks: { impatient } });
  await kit.tasks.impatient.enqueue(null);
  const { dead, failures } = await kit.runUntilIdle();
  assertEquals([dead, failures[0]?.error instanceof TestKitError], [1, true]);
});

Deno.test("TestKit.runUntilIdle() names the handlers that do not end, and what to do", async () => {
  await using kit = testDabba({ tasks: { hang: hangTask("1m") } }, {
    ...{ stuckAfter: "20ms", patience: "5ms" },
  });
  await kit.tasks.hang.enqueue(null);
  const error = await assertRejects(() => kit.runUntilIdle(), TestKitError);
  assertStringIncludes(error.message, "still run: hang; time stands still here");
  assertEquals((await kit.advance("1m")).retried, 1);
  assertEquals((await kit.runUntilIdle()).retried, 0);
});

Deno.test("Receipt.result() says at once that nothing runs, instead of waiting in vain", async () => {
  const kit = testDabba({ tasks: { ping } });
  const receipt = await kit.tasks.ping.enqueue({ url: "a" }, { delay: "1h" });
  const wait = "it is scheduled, and nothing is at work; call runUntilIdle() or advance() first";
  await assertRejects(() => receipt.result(), TestKitError, wait);
  await assertRejects(() => kit.dabba.result(receipt.id), TestKitError, wait);
  await kit.advance("1h");
  assertEquals(await receipt.result(), 1);
  await kit.close();
});

Deno.test("inline: a handler that does not end is named", async () => {
  const options = { inline: true, stuckAfter: "20ms" };
  await using kit = testDabba({ tasks: { hang: hangTask("1m") } }, options);
  await assertRejects(() => kit.tasks.hang.enqueue(null), TestKitError, "still run: hang");
});

Deno.test("TestKit.enqueued() refuses a task that this Dabba does not have", async () => {
  await using kit = testDabba({ tasks: { ping } });
  assertThrows(() => kit.enqueued(hangTask("1m")), UnknownTaskError);
  assertThrows(() => kit.enqueued({} as never), TypeError, "give a task, or nothing");
});

Deno.test("testDabba() refuses options that mean nothing", async () => {
  const make = (options: object) => () => testDabba({ tasks: { ping } }, options);
  assertThrows(make({ startAt: new Date(NaN) }), TypeError, "expected a valid Date");
  assertThrows(make({ patience: "soon" }), TypeError, "patience");
  assertThrows(make({ stuckAfter: -1 }), RangeError, "stuckAfter");
  assertThrows(make({ worker: { concurrency: 0 } }), RangeError, "concurrency");
  assertThrows(() => testDabba({} as never), TypeError, "without tasks");
  assertThrows(() => testDabba(undefined as never), TypeError, "without tasks");
  await using kit = testDabba({ tasks: { ping } });
  await assertRejects(() => kit.advance(-1), RangeError);
  await assertRejects(() => kit.advance("a while"), TypeError);
});

Deno.test("TestKit leaves a message in a queue that its worker was not given", async () => {
  await using kit = testDabba({ tasks: { ping } }, { worker: { queues: ["mail"] } });
  const receipt = await kit.tasks.ping.enqueue({ url: "a" });
  assertEquals((await kit.advance("1h")).succeeded, 0);
  assertEquals((await receipt.status()).state, "ready");
});
