import { assertEquals } from "@std/assert";
import { MAX_BATCH } from "../../../src/broker/broker.ts";
import { idsOf, message, succeed } from "./messages.ts";
import { type Cases, MIN_RETAIN_MS } from "./stage.ts";

const RANDOM = { nonce: "-" };
const CHOSEN = { nonce: "n1" };
const OTHER = { nonce: "n2", body: "other" };

/** Storing messages: replays, taken ids, when they are due. */
export const pushCases: Cases = {
  "push() answers each message in the order asked": async (stage) => {
    const replies = await stage.push("b", "a", "c");
    assertEquals(replies, [
      { id: "b", disposition: "enqueued" },
      { id: "a", disposition: "enqueued" },
      { id: "c", disposition: "enqueued" },
    ]);
  },
  "push() of nothing answers nothing": async (stage) => {
    assertEquals(await stage.push(), []);
  },
  "push() stores what it was given": async (stage) => {
    await stage.push({ id: "m", queue: "mail", priority: "high", body: "hello" });
    assertEquals(await stage.record(), {
      id: "m",
      queue: "mail",
      priority: "high",
      state: "ready",
      failures: 0,
      crashes: 0,
      fence: 0,
      enqueuedAtMs: stage.nowMs,
      dueAtMs: stage.nowMs,
      finishedAtMs: 0,
      worker: "",
      body: "hello",
      journal: "",
      progress: "",
      result: "",
    });
  },
  "push() sent twice stores one message": async (stage) => {
    for (const nonce of [RANDOM, CHOSEN]) {
      const batch = [{ id: `a${nonce.nonce}`, ...nonce }, { id: `b${nonce.nonce}`, ...nonce }];
      const first = await stage.push(...batch);
      stage.advance(5);
      assertEquals(await stage.push(...batch), first);
      assertEquals(idsOf(await stage.claim()), idsOf(batch));
    }
  },
  "push() sent again while the message runs changes nothing": async (stage) => {
    await stage.pushAndClaim({ id: "m", ...CHOSEN });
    const again = await stage.unchanged("m", () => stage.push({ id: "m", ...CHOSEN }));
    assertEquals(again, [{ id: "m", disposition: "enqueued" }]);
  },
  "push() sent again after the message succeeded changes nothing": async (stage) => {
    await stage.settle(succeed(await stage.pushAndClaim()));
    const again = await stage.unchanged("m", () => stage.push("m"));
    assertEquals(again, [{ id: "m", disposition: "enqueued" }]);
  },
  "push() of a known id with another nonce is a duplicate": async (stage) => {
    await stage.push({ id: "m", ...CHOSEN });
    const second = await stage.unchanged("m", () => stage.push({ id: "m", ...OTHER }));
    assertEquals(second, [{ id: "m", disposition: "duplicate" }]);
  },
  "push() of a finished message's id with another nonce is a duplicate": async (stage) => {
    await stage.settle(succeed(await stage.pushAndClaim({ id: "m", ...CHOSEN })));
    const second = await stage.unchanged("m", () => stage.push({ id: "m", ...OTHER }));
    assertEquals(second, [{ id: "m", disposition: "duplicate" }]);
  },
  "push() with an id twice in one batch keeps the first": async (stage) => {
    const replies = await stage.push(
      { id: "m", ...CHOSEN },
      { id: "m", ...OTHER },
      { id: "m", ...CHOSEN },
    );
    assertEquals(replies.map(({ disposition }) => disposition), [
      "enqueued",
      "duplicate",
      "enqueued",
    ]);
    assertEquals((await stage.claim()).map(({ body }) => body), ["body"]);
  },
  "push() of an id whose outcome is past its time is a new message": async (stage) => {
    await stage.settle(succeed(await stage.pushAndClaim({ id: "m", ...CHOSEN }), { result: "r" }));
    stage.advance(MIN_RETAIN_MS);
    assertEquals(await stage.push({ id: "m", ...OTHER }), [{ id: "m", disposition: "enqueued" }]);
    const { state, fence, body, result, enqueuedAtMs } = await stage.record();
    assertEquals([state, fence, body, result], ["ready", 0, "other", ""]);
    assertEquals(enqueuedAtMs, stage.nowMs);
    assertEquals((await stage.claimOne()).fence, 1);
  },
  "push() with a delay is scheduled, then ready": async (stage) => {
    await stage.push({ id: "m", delayMs: 1_000 });
    const { state, dueAtMs } = await stage.record();
    assertEquals([state, dueAtMs], ["scheduled", stage.nowMs + 1_000]);
    stage.advance(999);
    assertEquals(await stage.states("m"), ["scheduled"]);
    assertEquals(await stage.claim(), []);
    stage.advance(1);
    assertEquals(await stage.states("m"), ["ready"]);
    assertEquals(idsOf(await stage.claim()), ["m"]);
  },
  "push() with an instant goes by it, not by the delay": async (stage) => {
    await stage.push({ id: "m", delayMs: 5, dueAtMs: stage.nowMs + 2_000 });
    assertEquals((await stage.record()).dueAtMs, stage.nowMs + 2_000);
  },
  "push() with an instant in the past is due now, behind what is": async (stage) => {
    await stage.push("first");
    await stage.push({ id: "late", dueAtMs: stage.nowMs - 60_000 });
    assertEquals((await stage.record("late")).dueAtMs, stage.nowMs);
    assertEquals(idsOf(await stage.claim()), ["first", "late"]);
  },
  "push() takes a batch of MAX_BATCH and keeps its order": async (stage) => {
    const ids = Array.from({ length: MAX_BATCH }, (_, index) => `m${(index * 7) % MAX_BATCH}`);
    const replies = await stage.broker.push(ids.map((id) => message({ id })));
    assertEquals(idsOf(replies), ids);
    assertEquals(idsOf(await stage.claim({ max: MAX_BATCH })), ids);
  },
  "push() is seen by another broker on the same store": async (stage) => {
    const other = await stage.reopen();
    if (other === undefined) return;
    await stage.push("m");
    assertEquals((await other.read(["m"]))[0]?.state, "ready");
    assertEquals(await other.push([message("m")]), [{ id: "m", disposition: "enqueued" }]);
    assertEquals((await stage.claim()).length, 1);
  },
};
