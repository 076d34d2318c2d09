import { assertEquals, assertRejects } from "@std/assert";
import type { Priority } from "../../../src/broker/broker.ts";
import { BrokerError } from "../../../src/errors.ts";
import { message, succeed } from "../contract/messages.ts";
import { Stage } from "../contract/stage.ts";
import { openFile } from "./harness.ts";

/** Lends a stage on a file; fails if it leaves anything out of place. */
async function withStage(play: (stage: Stage) => Promise<void>): Promise<void> {
  const harness = await openFile();
  try {
    await play(new Stage(harness));
    assertEquals(await harness.leftovers(), []);
  } finally {
    await harness.close();
  }
}

Deno.test("SqliteBroker.push() of a batch with one wrong message stores none", () =>
  withStage(async (stage) => {
    const wrong = { id: "b", priority: "urgent" as Priority };
    await assertRejects(() => stage.push("a", wrong, "c"), TypeError, '"urgent"');
    assertEquals(await stage.states("a", "b", "c"), [undefined, undefined, undefined]);
    assertEquals((await stage.push("a"))[0]?.disposition, "enqueued");
  }));

Deno.test("SqliteBroker.push() refuses a time that is no number", () =>
  withStage(async (stage) => {
    for (const wrong of [{ delayMs: NaN }, { delayMs: Infinity }, { dueAtMs: NaN }]) {
      await assertRejects(() => stage.push({ id: "m", ...wrong }), BrokerError);
      assertEquals(await stage.find("m"), undefined);
    }
  }));

Deno.test("SqliteBroker.push() rounds a delay with a fraction", () =>
  withStage(async (stage) => {
    await stage.push({ id: "m", delayMs: 10.4 });
    assertEquals((await stage.record()).dueAtMs, stage.nowMs + 10);
  }));

Deno.test("SqliteBroker.exchange() with one wrong part does nothing", () =>
  withStage(async (stage) => {
    const delivery = await stage.pushAndClaim();
    await stage.push("n");
    await stage.unchanged("m", () =>
      assertRejects(
        () =>
          stage.exchange({
            settle: [succeed(delivery)],
            leaseMs: NaN,
            claim: { queues: ["q"], max: 1 },
          }),
        BrokerError,
      ));
    assertEquals(await stage.states("n"), ["ready"]);
  }));

Deno.test("SqliteBroker.push() keeps the payload out of its errors", () =>
  withStage(async (stage) => {
    const secret = message({ id: "m", delayMs: NaN, body: "pay 4711" });
    const error = await assertRejects(() => stage.broker.push([secret]), BrokerError);
    assertEquals(Deno.inspect(error).includes("4711"), false);
  }));
