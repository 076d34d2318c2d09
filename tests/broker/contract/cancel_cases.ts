import { assertEquals } from "@std/assert";
import { MAX_BATCH } from "../../../src/broker/broker.ts";
import { renewal, retry, succeed, target } from "./messages.ts";
import { type Cases, LEASE_MS, MIN_RETAIN_MS } from "./stage.ts";

const OP = { id: "op1", retainMs: 0 };

/** Stopping messages that are not final. */
export const cancelCases: Cases = {
  "cancel() ends a message that waits": async (stage) => {
    await stage.push("m", { id: "s", delayMs: 1_000 });
    const answers = await stage.broker.cancel([target("m", "why"), target("s")], OP);
    assertEquals(answers, ["cancelled", "cancelled"]);
    const { state, result, body, finishedAtMs } = await stage.record();
    assertEquals([state, result, body, finishedAtMs], ["cancelled", "why", "", stage.nowMs]);
    stage.advance(1_000);
    assertEquals(await stage.claim(), []);
    assertEquals((await stage.broker.stats()).queues, []);
  },
  "cancel() takes the lease of a running message": async (stage) => {
    const delivery = await stage.pushAndClaim();
    await stage.extend(renewal(delivery, "half"));
    assertEquals(await stage.broker.cancel([target("m", "why")], OP), ["cancelled"]);
    const late = await stage.unchanged("m", async () => [
      await stage.extend(renewal(delivery, "late")),
      await stage.settle(succeed(delivery, { result: "late" })),
      await stage.settle(retry(delivery)),
    ]);
    assertEquals(late, [["lease_lost"], ["lease_lost"], ["lease_lost"]]);
    const { state, result, progress, worker } = await stage.record();
    assertEquals([state, result, progress, worker], ["cancelled", "why", "", "w"]);
    stage.advance(LEASE_MS);
    assertEquals(await stage.claim(), []);
  },
  "cancel() ends a message that backs off": async (stage) => {
    await stage.settle(retry(await stage.pushAndClaim(), { delayMs: 9_000, journal: "j" }));
    assertEquals(await stage.broker.cancel([target()], OP), ["cancelled"]);
    const { state, failures, fence } = await stage.record();
    assertEquals([state, failures, fence], ["cancelled", 1, 1]);
  },
  "cancel() sent twice answers the same and changes nothing": async (stage) => {
    await stage.push("m");
    const messages = [target("m", "r"), target("none")];
    const first = await stage.broker.cancel(messages, OP);
    assertEquals(first, ["cancelled", "not_found"]);
    stage.advance(10);
    const second = await stage.unchanged("m", () => stage.broker.cancel(messages, OP));
    assertEquals(second, first);
  },
  "cancel() by another operation finds it final": async (stage) => {
    await stage.push("m");
    await stage.broker.cancel([target("m", "first")], OP);
    const other = { id: "op2", retainMs: 0 };
    const second = await stage.unchanged(
      "m",
      () => stage.broker.cancel([target("m", "second")], other),
    );
    assertEquals(second, ["final"]);
  },
  "cancel() of a message named twice cancels it once": async (stage) => {
    await stage.push("m");
    const answers = await stage.broker.cancel([target("m", "first"), target("m", "second")], OP);
    assertEquals(answers, ["cancelled", "cancelled"]);
    assertEquals((await stage.record()).result, "first");
  },
  "cancel() answers in the order asked, over queues and lanes": async (stage) => {
    await stage.push({ id: "a", queue: "a", priority: "high" }, { id: "b", queue: "b" });
    await stage.settle(succeed(await stage.pushAndClaim("done")));
    const answers = await stage.broker.cancel([
      { ...target("b"), queue: "b" },
      target("none"),
      target("done"),
      { ...target("a"), queue: "a", priority: "high" },
    ], OP);
    assertEquals(answers, ["cancelled", "not_found", "final", "cancelled"]);
  },
  "cancel() keeps the outcome for its retention": async (stage) => {
    await stage.push("m");
    const retainMs = 2 * MIN_RETAIN_MS;
    await stage.broker.cancel([target("m", "why")], { id: "op", retainMs });
    stage.advance(retainMs - 1);
    assertEquals(await stage.states("m"), ["cancelled"]);
    stage.advance(1);
    assertEquals(await stage.states("m"), [undefined]);
    assertEquals(await stage.broker.cancel([target("m")], { id: "op", retainMs }), ["not_found"]);
  },
  "cancel() of nothing answers nothing": async (stage) => {
    assertEquals(await stage.broker.cancel([], OP), []);
  },
  "cancel() takes MAX_BATCH messages": async (stage) => {
    const ids = Array.from({ length: MAX_BATCH }, (_, index) => `m${index}`);
    await stage.push(...ids);
    const answers = await stage.broker.cancel(ids.map((id) => target(id, "r")), OP);
    assertEquals(answers, ids.map(() => "cancelled"));
    assertEquals(await stage.claim(), []);
  },
};
