import { assertEquals, assertRejects } from "@std/assert";
import { LayoutMismatchError } from "../../../src/errors.ts";
import { message, target } from "../contract/messages.ts";
import { openRig, type Rig } from "./rig.ts";

const OP = { id: "op", retainMs: 0 };

/** Every call that a broker can begin with. */
const CALLS: Readonly<Record<string, (rig: Rig) => Promise<unknown>>> = {
  push: ({ stage }) => stage.push("m"),
  "exchange that claims": ({ stage }) => stage.claim(),
  "exchange that trims": ({ stage }) => stage.exchange({ trim: 10 }),
  read: ({ broker }) => broker.read(["m"]),
  cancel: ({ broker }) => broker.cancel([target()], OP),
  dead: ({ broker }) => broker.dead({ limit: 1 }),
  redrive: ({ broker }) => broker.redrive([target()], "op"),
  discard: ({ broker }) => broker.discard([target()], OP),
  stats: ({ broker }) => broker.stats(),
  check: ({ broker }) => broker.check({ repair: false }),
};

for (const [name, call] of Object.entries(CALLS)) {
  Deno.test(`RedisBroker refuses another layout at the first ${name}`, async () => {
    await using rig = await openRig({ messy: true });
    const { redis } = rig.server;
    await redis.set(rig.key("version"), "2");
    const error = await assertRejects(() => call(rig), LayoutMismatchError);
    assertEquals([error.found, error.expected], ["2", "1"]);
    assertEquals(await redis.keys(`*${rig.server.namespace}*`), [rig.key("version")]);
    assertEquals(await redis.get(rig.key("version")), "2");
  });
}

Deno.test("RedisBroker notes its layout with the first write, and not by reading", async () => {
  await using rig = await openRig();
  const { redis } = rig.server;
  await rig.broker.read(["m"]);
  await rig.broker.stats();
  assertEquals(await redis.get(rig.key("version")), null);
  await rig.reopen().push([message("m")]);
  assertEquals(await redis.get(rig.key("version")), "1");
});

Deno.test("RedisBroker that has only read looks at the layout before it writes", async () => {
  await using rig = await openRig({ messy: true });
  await rig.broker.read(["m"]);
  await rig.server.redis.set(rig.key("version"), "2");
  await assertRejects(() => rig.stage.push("m"), LayoutMismatchError);
});
