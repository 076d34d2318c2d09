import { assertEquals } from "@std/assert";
import type { ExchangeReply, ExchangeRequest } from "../../../src/broker/broker.ts";
import { LEAST_RETAIN_MS } from "../../../src/broker/retention.ts";
import { bury, message, newChannel, succeed, target } from "./messages.ts";
import { type Cases, MIN_RETAIN_MS, type Stage } from "./stage.ts";

/** The bounds under which these cases are played: four letters of 25 bytes. */
export const FEW = { count: 4, bytes: 100 };

const OP = { id: "op", retainMs: 0 };

/** Has messages die one after the other, a millisecond apart; each counts as 10 bytes. */
async function die(stage: Stage, ...ids: string[]): Promise<ExchangeReply[]> {
  const replies: ExchangeReply[] = [];
  for (const id of ids) {
    stage.advance(1);
    const delivery = await stage.pushAndClaim({ id, body: "ä234" });
    replies.push(await stage.exchange({ settle: [bury(delivery, { journal: "jörn" })] }));
    stage.advance(1);
  }
  return replies.map((reply) => ({ ...reply, nowMs: 0 }));
}

/** Lists what is left of the letters, the oldest first. */
async function letters(stage: Stage): Promise<string> {
  const page = await stage.broker.dead({ limit: 100 });
  assertEquals(page.total, page.letters.length);
  return page.letters.map(({ id }) => id).reverse().join(" ");
}

async function stock(stage: Stage): Promise<[count: number, bytes: number]> {
  const { dead, deadBytes } = await stage.broker.stats();
  return [dead, deadBytes];
}

function tidy(stage: Stage, fields: Partial<ExchangeRequest> = {}): Promise<ExchangeReply> {
  return stage.exchange({ trim: 100, ...fields });
}

/** Dropping what is beyond the bounds of the dead letters, and saying when they fill up. */
export const deadBoundCases: Cases = {
  "exchange() drops the oldest dead letters beyond the count, and names them": async (stage) => {
    await die(stage, "a", "b", "c", "d", "e", "f");
    stage.advance(LEAST_RETAIN_MS);
    const { dropped, trimAtMs } = await tidy(stage);
    assertEquals([dropped, trimAtMs], [["a", "b"], undefined]);
    assertEquals(await letters(stage), "c d e f");
    assertEquals(await stage.states("a", "b", "c"), [undefined, undefined, "dead"]);
    assertEquals((await tidy(stage)).dropped, []);
  },
  "exchange() drops what is beyond the bytes of bodies and journals": async (stage) => {
    await die(stage, "a", "b");
    stage.advance(1);
    const big = await stage.pushAndClaim({ id: "c", body: "ß".repeat(40) });
    await stage.settle(bury(big, { journal: "12345" }));
    assertEquals(await stock(stage), [3, 105]);
    stage.advance(LEAST_RETAIN_MS);
    assertEquals((await tidy(stage)).dropped, ["a"]);
    assertEquals([await letters(stage), await stock(stage)], ["b c", [2, 95]]);
  },
  "exchange() drops no letter younger than a minute, and says when it will be old": async (
    stage,
  ) => {
    await die(stage, "a", "b", "c", "d", "e", "f");
    const dropAtMs = (await stage.record("a")).finishedAtMs + LEAST_RETAIN_MS;
    stage.advance(dropAtMs - stage.nowMs - 1);
    const early = await tidy(stage);
    assertEquals([early.dropped, early.trimAtMs], [[], dropAtMs]);
    stage.advance(1);
    const late = await tidy(stage);
    assertEquals([late.dropped, late.trimAtMs], [["a"], dropAtMs + 2]);
  },
  "exchange() drops no more letters than asked, and says that there are more": async (stage) => {
    await die(stage, "a", "b", "c", "d", "e", "f", "g");
    stage.advance(LEAST_RETAIN_MS);
    assertEquals((await stage.exchange()).dropped, []);
    const first = await tidy(stage, { trim: 2 });
    assertEquals([first.dropped, first.trimAtMs], [["a", "b"], stage.nowMs]);
    const second = await tidy(stage, { trim: 2 });
    assertEquals([second.dropped, second.trimAtMs], [["c"], undefined]);
  },
  "exchange() that has come again names what it dropped, and drops nothing anew": async (stage) => {
    await die(stage, "a", "b", "c", "d", "e", "f");
    stage.advance(LEAST_RETAIN_MS);
    const request = { channel: newChannel(), trim: 1 };
    const first = await tidy(stage, request);
    const again = await tidy(stage, request);
    assertEquals([first.dropped, first.trimAtMs], [["a"], stage.nowMs]);
    assertEquals([again.dropped, again.trimAtMs], [first.dropped, first.trimAtMs]);
    assertEquals(await letters(stage), "b c d e f");
    assertEquals((await tidy(stage, { ...request, seq: 2 })).dropped, ["b"]);
    // Its caller has long heard of a newer one.
    await die(stage, "g");
    stage.advance(LEAST_RETAIN_MS);
    assertEquals((await tidy(stage, request)).dropped, []);
    assertEquals(await letters(stage), "c d e f g");
  },
  "exchange() says once that the letters are nearly full, whoever asks next": async (stage) => {
    const alarms = (await die(stage, "a", "b", "c", "d", "e")).map(({ nearlyFull }) => nearlyFull);
    // Four of five are over 80 % of four: the fourth is the first.
    assertEquals(alarms, [undefined, undefined, undefined, { count: 4, bytes: 40 }, undefined]);
    assertEquals((await tidy(stage)).nearlyFull, undefined);
  },
  "exchange() says again that the letters are nearly full when it has come again": async (
    stage,
  ) => {
    await die(stage, "a", "b", "c");
    const last = await stage.pushAndClaim("d");
    const request = { channel: newChannel(), settle: [bury(last, { journal: "j" })] };
    const first = await stage.exchange(request);
    assertEquals(first.nearlyFull, { count: 4, bytes: 35 });
    assertEquals((await stage.exchange(request)).nearlyFull, first.nearlyFull);
    assertEquals(await stock(stage), [4, 35]);
  },
  "exchange() says so of bytes as well, and each time that they fill up anew": async (stage) => {
    const alarms: unknown[] = [];
    for (const id of ["a", "b"]) {
      const one = await stage.pushAndClaim({ id, body: "x".repeat(80) });
      alarms.push((await stage.exchange({ settle: [bury(one)] })).nearlyFull);
      await stage.broker.redrive([message(id)], `op-${id}`);
      const [again] = await stage.claim();
      await stage.settle(succeed(again!));
    }
    assertEquals(alarms, [{ count: 1, bytes: 80 }, { count: 1, bytes: 80 }]);
    assertEquals(await stock(stage), [0, 0]);
  },
  "redrive() and discard() take off what a letter was counted as, once": async (stage) => {
    await die(stage, "a", "b", "c");
    assertEquals(await stock(stage), [3, 30]);
    for (const _ of [1, 2]) {
      await stage.broker.redrive([message("a"), message("a")], "op-1");
      await stage.broker.discard([target("b"), target("b")], OP);
      assertEquals(await stock(stage), [1, 10]);
    }
    const [again] = await stage.claim();
    await stage.settle(bury(again!, { journal: "a longer one" }));
    assertEquals(await stock(stage), [2, 27]);
  },
  "exchange() drops none of the letters that were redriven or discarded": async (stage) => {
    await die(stage, "a", "b", "c", "d", "e", "f");
    await stage.broker.redrive([message("a")], "op-1");
    await stage.broker.discard([target("b")], { id: "op-2", retainMs: MIN_RETAIN_MS });
    stage.advance(LEAST_RETAIN_MS);
    assertEquals((await tidy(stage)).dropped, []);
    assertEquals(await stage.states("a", "b", "c"), ["ready", "cancelled", "dead"]);
  },
  "push() of the id of a letter that was dropped is a new message": async (stage) => {
    await die(stage, "a", "b", "c", "d", "e");
    stage.advance(LEAST_RETAIN_MS);
    await tidy(stage);
    assertEquals(await stage.push({ id: "a", nonce: "n" }), [{ id: "a", disposition: "enqueued" }]);
    assertEquals((await stage.record("a")).failures, 0);
    const answers = await stage.broker.redrive([message("a")], "op");
    assertEquals(answers, ["not_dead"]);
  },
};
