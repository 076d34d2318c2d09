/** A Redis that has reached its limit: nothing more comes in, everything gets out. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { BrokerError } from "../../../src/errors.ts";
import {
  bury,
  expire,
  idsOf,
  message,
  renewal,
  retry,
  succeed,
  target,
} from "../contract/messages.ts";
import { LEASE_MS } from "../contract/stage.ts";
import { openRig, type Rig } from "./rig.ts";

const OP = { id: "op", retainMs: 0 };

/** Opens a store with some messages in it. */
async function openFilled(): Promise<Rig> {
  const rig = await openRig({ ownServer: true });
  await rig.stage.push("a", "b", "c", "d", "e", "f", "g");
  return rig;
}

/** Lets Redis refuse whatever allocates. */
async function fill({ server }: Rig): Promise<void> {
  await server.redis.config("SET", "maxmemory", "1");
  await assertRejects(() => server.redis.set("full", "1"), Error, "OOM");
}

async function assertFull(call: () => Promise<unknown>): Promise<void> {
  const error = await assertRejects(call, BrokerError);
  assertEquals([error.full, error.retryable], [true, true]);
}

Deno.test("RedisBroker.push() is refused whole when Redis is full, and works again after", async () => {
  await using rig = await openFilled();
  const { server, stage } = rig;
  await fill(rig);
  const before = await server.redis.keys("*");
  const requests = server.requests;
  const dedupe = { key: "k", ttlMs: 60_000 };
  await assertFull(() => stage.push("x", { id: "y", queue: "new" }, { id: "z", dedupe }));
  assertEquals(server.requests - requests, 1);
  assertEquals(await server.redis.keys("*"), before);
  assertEquals(await stage.states("x", "y", "z"), [undefined, undefined, undefined]);
  await server.redis.config("SET", "maxmemory", "0");
  assertEquals((await stage.push({ id: "z", dedupe }))[0]?.disposition, "enqueued");
});

Deno.test("RedisBroker.push() of a replaced outcome is refused whole when Redis is full", async () => {
  await using rig = await openFilled();
  const { stage } = rig;
  await stage.settle(succeed((await stage.claim({ max: 1 }))[0]!));
  rig.clock.advance(3_600_000);
  await fill(rig);
  await assertFull(() => stage.push({ id: "a", nonce: "new" }));
  await stage.exchange({ trim: 10 });
});

Deno.test("RedisBroker.exchange() settles and renews when Redis is full", async () => {
  await using rig = await openFilled();
  const { stage } = rig;
  const [a, b, c, d, e, f, g] = await stage.claim();
  await fill(rig);
  const { settled, extended } = await stage.exchange({
    settle: [
      succeed(a!, { result: "r".repeat(1_000) }),
      expire(b!),
      retry(c!, { journal: "j".repeat(1_000) }),
      bury(d!),
    ],
    extend: [renewal(e!, "half"), renewal(f!), renewal(g!)],
  });
  assertEquals(settled, ["ok", "ok", "ok", "ok"]);
  assertEquals(extended, ["ok", "ok", "ok"]);
  assertEquals(await stage.states("a", "b", "c", "d", "e"), [
    ...["succeeded", "expired", "ready", "dead", "leased"],
  ]);
});

Deno.test("RedisBroker.exchange() claims when Redis is full, with one request more", async () => {
  await using rig = await openFilled();
  const { server, stage } = rig;
  await stage.claim({ max: 1 });
  await fill(rig);
  const before = server.requests;
  assertEquals(idsOf(await stage.claim({ max: 2 })), ["b", "c"]);
  assertEquals(server.requests - before, 2);
  assertEquals(await stage.claim({ queues: ["none"] }), []);
  rig.clock.advance(LEASE_MS);
  assertEquals((await stage.claim()).length, 7);
});

Deno.test("RedisBroker.cancel(), redrive() and discard() work when Redis is full", async () => {
  await using rig = await openFilled();
  const { broker, stage } = rig;
  const [a, b] = await stage.claim({ max: 2 });
  await stage.settle(bury(a!), bury(b!));
  await fill(rig);
  assertEquals(await broker.redrive([target("a")], "op"), ["redriven"]);
  assertEquals(await broker.discard([target("b")], OP), ["discarded"]);
  assertEquals(await broker.cancel([target("c")], OP), ["cancelled"]);
  assertEquals((await broker.stats()).queues[0]?.ready, 5);
});

Deno.test("RedisBroker that is new to a full Redis works, too", async () => {
  await using rig = await openFilled();
  await fill(rig);
  await rig.server.redis.del(rig.key("version"));
  const [delivery] = await rig.stage.claim({ max: 1 });
  assert(delivery);
  const other = rig.reopen();
  await assertFull(() => other.push([message("x")]));
  assertEquals((await other.read(["a"]))[0]?.state, "leased");
});
