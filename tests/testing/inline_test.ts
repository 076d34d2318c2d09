import { assert, assertEquals, assertRejects } from "@std/assert";
import { DabbaError, defineTask, RejectError, ValidationError } from "@dabba/queue";
import { testDabba } from "@dabba/queue/testing";
import { z } from "zod";
import { DownError, pingTask, Service } from "./shop.ts";

Deno.test("inline: enqueue resolves when the handler is through", async () => {
  const service = new Service();
  await using kit = testDabba({ tasks: { ping: pingTask(service) } }, { inline: true });
  const receipt = await kit.tasks.ping.enqueue({ url: "a" });
  assertEquals(service.calls.length, 1);
  assertEquals(await receipt.result(), 1);
  assertEquals(kit.enqueued().length, 1);
});

Deno.test("inline: enqueue throws the very error, and the message waits for its retry", async () => {
  const service = new Service();
  service.up = false;
  await using kit = testDabba({ tasks: { ping: pingTask(service) } }, { inline: true });
  await assertRejects(() => kit.tasks.ping.enqueue({ url: "a" }, { id: "m1" }), DownError);
  assertEquals((await kit.dabba.status("m1")).state, "scheduled");
  service.up = true;
  assertEquals((await kit.advance("1m")).succeeded, 1);
});

Deno.test("inline: what fails is rejected, what was enqueued beside it is not", async () => {
  const odd = defineTask("odd", { input: z.number(), backoff: [] }, (n) => {
    if (n % 2 === 0) throw new RejectError(`${n} is even`);
    return n;
  });
  await using kit = testDabba({ tasks: { odd } }, { inline: true });
  const sent = await Promise.allSettled([1, 2, 3, 4].map((n) => kit.tasks.odd.enqueue(n)));
  const words = ["fulfilled", "rejected", "fulfilled", "rejected"];
  assertEquals(sent.map(({ status }) => status), words);
  assert((sent[3] as PromiseRejectedResult).reason instanceof RejectError);
  await assertRejects(() => kit.tasks.odd.enqueueMany([5, 6]), RejectError, "6 is even");
});

Deno.test("inline: a handler that enqueues has that run before it goes on, however deep", async () => {
  const order: string[] = [];
  const nest = defineTask("nest", { input: z.number() }, async (depth) => {
    order.push(`begin ${depth}`);
    if (depth > 0) await kit.tasks.nest.enqueue(depth - 1);
    order.push(`end ${depth}`);
  });
  await using kit = testDabba({ tasks: { nest } }, { inline: true });
  await kit.tasks.nest.enqueue(30);
  assertEquals(order.slice(29, 33), ["begin 1", "begin 0", "end 0", "end 1"]);
  assertEquals(order.length, 62);
});

Deno.test("inline: a delayed message waits for its time", async () => {
  const service = new Service();
  await using kit = testDabba({ tasks: { ping: pingTask(service) } }, { inline: true });
  await kit.tasks.ping.enqueue({ url: "a" }, { delay: "1h" });
  assertEquals(service.calls, []);
  await kit.advance("1h");
  assertEquals(service.calls.length, 1);
});

Deno.test("inline: a delayed message that fails later is told by advance() alone", async () => {
  const service = new Service();
  service.up = false;
  await using kit = testDabba({ tasks: { ping: pingTask(service) } }, { inline: true });
  await kit.tasks.ping.enqueue({ url: "a" }, { delay: "1h" });
  const { failures } = await kit.advance("1h");
  assert(failures[0]?.error instanceof DownError);
});

Deno.test("inline: a duplicate does not run again", async () => {
  const service = new Service();
  await using kit = testDabba({ tasks: { ping: pingTask(service) } }, { inline: true });
  const dedupe = { key: "k", ttl: "1h" };
  await kit.tasks.ping.enqueue({ url: "a" }, { dedupe });
  const { disposition } = await kit.tasks.ping.enqueue({ url: "a" }, { dedupe });
  assertEquals([disposition, service.calls.length], ["duplicate", 1]);
  const both = [1, 2].map(() => kit.tasks.ping.enqueue({ url: "b" }, { id: "b" }));
  const told = (await Promise.all(both)).map(({ disposition }) => disposition);
  assertEquals([told, service.calls.length], [["enqueued", "duplicate"], 2]);
});

Deno.test("inline: bad inputs, bad outputs and missing handlers are told as what they are", async () => {
  const input = z.number();
  const liar = defineTask("liar", { input, output: z.string() }, () => "" as unknown as string);
  const bad = defineTask("bad", { input, output: z.email() }, () => "nobody");
  const open = defineTask("open", { input });
  await using kit = testDabba({ tasks: { liar, bad, open } }, { inline: true });
  await kit.tasks.liar.enqueue(1);
  const input2 = "one" as unknown as number;
  await assertRejects(() => kit.tasks.liar.enqueue(input2), ValidationError, "Invalid input");
  await assertRejects(() => kit.tasks.bad.enqueue(1), Error, "Invalid output");
  await assertRejects(() => kit.tasks.open.enqueue(1), DabbaError, "only its contract is here");
});
