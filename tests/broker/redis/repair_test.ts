/** Indexes that are wrong, as after a hand at the keys: what is found wrong is put right. */

import { assertEquals } from "@std/assert";
import { bury, idsOf, message, renewal, retry, succeed } from "../contract/messages.ts";
import { LEASE_MS } from "../contract/stage.ts";
import { openRig } from "./rig.ts";

Deno.test("RedisBroker.exchange() drops entries of a line that have no message", async () => {
  await using rig = await openRig();
  const { redis } = rig.server;
  await rig.stage.settle(succeed(await rig.stage.pushAndClaim("done")));
  await rig.stage.push("m");
  const due = rig.key("due:q:n");
  await redis.zadd(due, 1, "nobody", 2, "done", 3, "none", 4, "no-one");
  assertEquals(idsOf(await rig.stage.claim({ max: 1 })), ["m"]);
  assertEquals(await redis.zrange(due, 0, -1), ["m"]);
});

Deno.test("RedisBroker.exchange() drops so many entries at once and no more", async () => {
  await using rig = await openRig();
  const due = rig.key("due:q:n");
  await rig.stage.push("m");
  const entries = Array.from({ length: 25 }, (_, score) => [score, `nobody${score}`]).flat();
  await rig.server.redis.zadd(due, ...entries.map(String));
  assertEquals(await rig.stage.claim({ max: 2 }), []);
  assertEquals(await rig.server.redis.zcard(due), 6);
  assertEquals(idsOf(await rig.stage.claim({ max: 2 })), ["m"]);
});

Deno.test("RedisBroker.exchange() drops a dead letter from a line", async () => {
  await using rig = await openRig();
  const due = rig.key("due:q:n");
  await rig.stage.settle(bury(await rig.stage.pushAndClaim()));
  await rig.server.redis.zadd(due, 1, "m");
  await rig.server.redis.hset(rig.key("msg"), "~q:n", "1");
  assertEquals(await rig.stage.claim(), []);
  assertEquals(await rig.stage.states("m"), ["dead"]);
});

Deno.test("RedisBroker.exchange() drops an entry from the line of another queue", async () => {
  await using rig = await openRig();
  await rig.stage.push("m", { id: "n", queue: "other" });
  await rig.server.redis.zadd(rig.key("due:other:n"), 1, "m");
  assertEquals(idsOf(await rig.stage.claim({ queues: ["other"] })), ["n"]);
  assertEquals(idsOf(await rig.stage.claim()), ["m"]);
});

Deno.test("RedisBroker.exchange() hands over nothing that it has just ended", async () => {
  await using rig = await openRig({ messy: true });
  const delivery = await rig.stage.pushAndClaim();
  rig.clock.advance(LEASE_MS);
  // Under the name of another queue, so that it stays in its line.
  const settle = [{ ...succeed(delivery), queue: "other" }];
  const reply = await rig.stage.exchange({ settle, claim: { queues: ["q"], max: 1 } });
  assertEquals([reply.settled, reply.claimed], [["ok"], []]);
  assertEquals(await rig.stage.states("m"), ["succeeded"]);
});

Deno.test("RedisBroker.exchange() with a sweep finds what a wrong hint has hidden", async () => {
  for (const hint of ["", "9999999999999999", null]) {
    await using rig = await openRig();
    const { redis } = rig.server;
    await rig.stage.push("m");
    if (hint === null) await redis.hdel(rig.key("msg"), "~q:n");
    else await redis.hset(rig.key("msg"), "~q:n", hint);
    if (hint === null) await redis.srem(rig.key("lines"), "q:n");
    assertEquals(await rig.stage.claim(), []);
    const claim = { queues: ["q"], max: 10 };
    assertEquals(idsOf((await rig.stage.exchange({ claim, sweep: true })).claimed), ["m"]);
    assertEquals((await rig.broker.stats()).queues.length, 1);
  }
});

Deno.test("RedisBroker.exchange() with a sweep looks into lines beyond what it may take", async () => {
  await using rig = await openRig();
  await rig.stage.push("a", { id: "b", priority: "low" });
  await rig.server.redis.hset(rig.key("msg"), "~q:l", "9999999999999999");
  const claim = { queues: ["q"], max: 1 };
  assertEquals(idsOf((await rig.stage.exchange({ claim, sweep: true })).claimed), ["a"]);
  assertEquals(idsOf(await rig.stage.claim()), ["b"]);
});

Deno.test("RedisBroker.exchange() with a sweep forgets lines that are empty", async () => {
  await using rig = await openRig();
  const { redis } = rig.server;
  await rig.stage.settle(succeed(await rig.stage.pushAndClaim()));
  const claim = { queues: ["q"], max: 1 };
  await rig.stage.exchange({ claim, sweep: true });
  assertEquals(await redis.exists(rig.key("lines")), 0);
  assertEquals(await redis.hexists(rig.key("msg"), "~q:n"), 0);
  await rig.stage.push("again");
  assertEquals(await rig.broker.probe(["q"]), rig.clock.now());
  assertEquals(idsOf(await rig.stage.claim()), ["again"]);
});

Deno.test("RedisBroker.exchange() with a sweep keeps a line that it empties and fills", async () => {
  await using rig = await openRig();
  const delivery = await rig.stage.pushAndClaim();
  const claim = { queues: ["q"], max: 1 };
  const settle = [retry(delivery, { delayMs: 500 })];
  const reply = await rig.stage.exchange({ settle, claim, sweep: true });
  assertEquals(reply.nextDueAtMs, rig.clock.now() + 500);
});

Deno.test("RedisBroker.exchange() finds a message whose entry was lost when it is renewed", async () => {
  await using rig = await openRig();
  const delivery = await rig.stage.pushAndClaim();
  await rig.server.redis.del(rig.key("due:q:n"));
  assertEquals(await rig.stage.extend(renewal(delivery)), ["ok"]);
  rig.clock.advance(LEASE_MS);
  assertEquals(idsOf(await rig.stage.claim()), ["m"]);
});

Deno.test("RedisBroker.dead() leaves out what is no letter", async () => {
  await using rig = await openRig({ messy: true });
  await rig.stage.settle(bury(await rig.stage.pushAndClaim()));
  await rig.server.redis.zadd(rig.key("dead"), 1, "nobody");
  assertEquals(idsOf((await rig.broker.dead({ limit: 10 })).letters), ["m"]);
});

Deno.test("RedisBroker.read() and dead() go on past what is damaged", async () => {
  await using rig = await openRig({ messy: true });
  const ids = ["a", "b", "c", "d"];
  await rig.stage.push(...ids);
  await rig.stage.settle(...(await rig.stage.claim()).map((one) => bury(one)));
  const damaged = { a: "L garbage", b: "O q:n s", "c!": "d garbage" };
  await rig.server.redis.hset(rig.key("msg"), damaged);
  assertEquals(await rig.stage.states(...ids), [undefined, undefined, undefined, "dead"]);
  assertEquals(idsOf((await rig.broker.dead({ limit: 10 })).letters), ["d"]);
});

Deno.test("RedisBroker.read() shows no other field of the store", async () => {
  await using rig = await openRig();
  await rig.broker.push([message("m")]);
  await rig.stage.claim({ channel: "c" });
  const fields = await rig.server.redis.hkeys(rig.key("msg"));
  const hidden = fields.filter((field) => field !== "m");
  assertEquals(hidden.sort(), ["@c", "m!", "~q:n"]);
  assertEquals(await rig.broker.read(hidden), hidden.map(() => undefined));
});
