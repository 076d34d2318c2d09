import { assertEquals } from "@std/assert";
import { idsOf, message, succeed, target } from "../contract/messages.ts";
import { openRig, type Rig } from "./rig.ts";

/** Counts the HTTP requests of an act. */
async function requestsOf(rig: Rig, act: () => Promise<unknown>): Promise<number> {
  const before = rig.server.requests;
  await act();
  return rig.server.requests - before;
}

Deno.test("RedisBroker sends a script in full once, then by its hash", async () => {
  await using rig = await openRig({ ownServer: true });
  assertEquals(await requestsOf(rig, () => rig.stage.push("a")), 2);
  assertEquals(await requestsOf(rig, () => rig.stage.push("b")), 1);
  const other = rig.reopen();
  assertEquals(await requestsOf(rig, () => other.push([message("c")])), 1);
});

Deno.test("RedisBroker goes on when Redis forgets its scripts between any two calls", async () => {
  await using rig = await openRig({ ownServer: true });
  const { broker, server, stage } = rig;
  const flushed = async <T>(act: () => Promise<T>) => {
    await server.redis.script("FLUSH");
    let result: T;
    assertEquals(await requestsOf(rig, async () => result = await act()), 2);
    return result!;
  };
  await flushed(() => stage.push("a", "b"));
  const claimed = await flushed(() => stage.claim());
  assertEquals(idsOf(claimed), ["a", "b"]);
  assertEquals(await flushed(() => stage.settle(succeed(claimed[0]!))), ["ok"]);
  const op = { id: "op", retainMs: 0 };
  assertEquals(await flushed(() => broker.cancel([target("b")], op)), ["cancelled"]);
  assertEquals(await flushed(() => stage.states("a", "b")), ["succeeded", "cancelled"]);
  assertEquals(await flushed(() => broker.redrive([target("b")], "op")), ["not_dead"]);
  assertEquals(await flushed(() => broker.discard([target("b")], op)), ["discarded"]);
  assertEquals((await flushed(() => broker.dead({ limit: 1 }))).total, 0);
});

Deno.test("RedisBroker with keyLocking asks for it in each script", async () => {
  const bodies: string[] = [];
  await using rig = await openRig({
    ownServer: true,
    broker: () => ({ keyLocking: true }),
    intercept: async (request, forward) => {
      bodies.push(await request.clone().text());
      return await forward(request);
    },
  });
  await rig.stage.push("a");
  assertEquals(idsOf(await rig.stage.claim()), ["a"]);
  const scripts = bodies.map((body) => JSON.parse(body)).filter(([name]) => name === "eval");
  assertEquals(scripts.length, 2);
  for (const [, source] of scripts) {
    assertEquals(source.split("\n")[0], "#!lua flags=allow-key-locking");
  }
});
