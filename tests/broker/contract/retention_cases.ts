import { assertEquals } from "@std/assert";
import { LEAST_RETAIN_MS } from "../../../src/broker/retention.ts";
import { bury, succeed, target } from "./messages.ts";
import { type Cases, MIN_RETAIN_MS, type Stage } from "./stage.ts";

/** The bounds under which these cases are played. */
export const TIGHT = { count: 3, bytes: 100 };

/** Has messages succeed one after the other, a millisecond apart. */
async function finish(stage: Stage, ...ids: string[]): Promise<void> {
  for (const id of ids) {
    stage.advance(1);
    await stage.settle(succeed(await stage.pushAndClaim(id)));
  }
}

/** Tells which of them are still known. */
async function known(stage: Stage, ...ids: string[]): Promise<string> {
  const states = await stage.states(...ids);
  return ids.filter((_, index) => states[index] !== undefined).join(" ");
}

/** Forgetting what is beyond the bounds of a store, a batch at a time. */
export const retentionCases: Cases = {
  "exchange() keeps no more outcomes than the bound, the newest": async (stage) => {
    await finish(stage, "a", "b", "c", "d", "e");
    stage.advance(LEAST_RETAIN_MS);
    const { trimAtMs } = await stage.exchange({ trim: 100 });
    assertEquals(await known(stage, "a", "b", "c", "d", "e"), "c d e");
    assertEquals(trimAtMs, undefined);
  },
  "exchange() keeps what is younger than a minute, and says when it will be old": async (stage) => {
    await finish(stage, "a", "b", "c", "d", "e");
    const dropAtMs = (await stage.record("a")).finishedAtMs + LEAST_RETAIN_MS;
    assertEquals((await stage.exchange({ trim: 100 })).trimAtMs, dropAtMs);
    stage.advance(dropAtMs - stage.nowMs - 1);
    assertEquals((await stage.exchange({ trim: 100 })).trimAtMs, dropAtMs);
    assertEquals(await known(stage, "a", "b", "c", "d", "e"), "a b c d e");
    stage.advance(1);
    assertEquals((await stage.exchange({ trim: 100 })).trimAtMs, dropAtMs + 1);
    assertEquals(await known(stage, "a", "b", "c", "d", "e"), "b c d e");
  },
  "exchange() forgets no more beyond the bound than asked, and says that there is more": async (
    stage,
  ) => {
    await finish(stage, "a", "b", "c", "d", "e", "f");
    stage.advance(LEAST_RETAIN_MS);
    const { trimAtMs } = await stage.exchange({ trim: 2 });
    assertEquals(trimAtMs, stage.nowMs);
    assertEquals(await known(stage, "a", "b", "c", "d", "e", "f"), "c d e f");
    assertEquals((await stage.exchange({ trim: 2 })).trimAtMs, undefined);
    assertEquals(await known(stage, "c", "d", "e", "f"), "d e f");
  },
  "exchange() bounds what is kept for long behind what is young and kept for a while": async (
    stage,
  ) => {
    for (const id of ["a", "b", "c", "d", "e"]) {
      await stage.settle(succeed(await stage.pushAndClaim(id), { retainMs: 3 * MIN_RETAIN_MS }));
      stage.advance(1);
    }
    stage.advance(LEAST_RETAIN_MS);
    await finish(stage, "young");
    for (let i = 0; i < 12; i++) await stage.exchange({ trim: 2 });
    assertEquals(await known(stage, "a", "b", "c", "d", "e", "young"), "d e young");
  },
  "exchange() that is not asked to trim forgets nothing and says nothing of it": async (stage) => {
    await finish(stage, "a", "b", "c", "d");
    stage.advance(LEAST_RETAIN_MS);
    assertEquals((await stage.exchange()).trimAtMs, undefined);
    assertEquals(await known(stage, "a", "b", "c", "d"), "a b c d");
  },
  "exchange() keeps no more bytes of results than the bound": async (stage) => {
    for (
      const [id, result] of [["a", "ä".repeat(30)], ["b", "x".repeat(30)], ["c", "y"]] as const
    ) {
      stage.advance(1);
      await stage.settle(succeed(await stage.pushAndClaim(id), { result }));
    }
    stage.advance(LEAST_RETAIN_MS);
    await stage.exchange({ trim: 100 });
    assertEquals(await known(stage, "a", "b", "c"), "a b c");
    await stage.settle(succeed(await stage.pushAndClaim("d"), { result: "z".repeat(20) }));
    stage.advance(LEAST_RETAIN_MS);
    await stage.exchange({ trim: 100 });
    assertEquals(await known(stage, "a", "b", "c", "d"), "b c d");
  },
  "exchange() counts the results that are gone no more": async (stage) => {
    for (const id of ["a", "b", "c", "d"]) {
      await stage.settle(succeed(await stage.pushAndClaim(id), { result: "x".repeat(60) }));
      stage.advance(MIN_RETAIN_MS);
      await stage.exchange({ trim: 100 });
    }
    await stage.settle(succeed(await stage.pushAndClaim("e"), { result: "x".repeat(60) }));
    stage.advance(LEAST_RETAIN_MS);
    await stage.exchange({ trim: 100 });
    assertEquals(await known(stage, "d", "e"), "e");
  },
  "push() of a forgotten id takes its result off the count": async (stage) => {
    for (const _ of [1, 2, 3]) {
      await stage.settle(succeed(await stage.pushAndClaim("a"), { result: "x".repeat(60) }));
      stage.advance(MIN_RETAIN_MS);
    }
    await stage.settle(succeed(await stage.pushAndClaim("a"), { result: "x".repeat(60) }));
    stage.advance(LEAST_RETAIN_MS);
    await stage.exchange({ trim: 100 });
    assertEquals(await known(stage, "a"), "a");
  },
  "exchange() bounds what was cancelled or discarded, too": async (stage) => {
    const op = { id: "op", retainMs: 0 };
    await stage.settle(bury(await stage.pushAndClaim("a")));
    await stage.push("b");
    await stage.broker.discard([{ ...target("a"), result: "x".repeat(60) }], op);
    stage.advance(1);
    await stage.broker.cancel([{ ...target("b"), result: "x".repeat(60) }], op);
    stage.advance(LEAST_RETAIN_MS);
    await stage.exchange({ trim: 100 });
    assertEquals(await known(stage, "a", "b"), "b");
  },
  "exchange() never forgets what has not ended, or is dead, however many there are": async (
    stage,
  ) => {
    await stage.push("a", "b", "c", "d", "e", "f");
    await stage.settle(bury((await stage.claim({ max: 1 }))[0]!));
    stage.advance(LEAST_RETAIN_MS);
    assertEquals((await stage.exchange({ trim: 100 })).trimAtMs, undefined);
    assertEquals(await known(stage, "a", "b", "c", "d", "e", "f"), "a b c d e f");
  },
  "exchange() passes keys that hold and bounds the outcomes behind them": async (stage) => {
    const dedupe = { key: "k", ttlMs: MIN_RETAIN_MS / 2 };
    await stage.push({ id: "keyed", queue: "other", dedupe });
    await finish(stage, "a", "b", "c", "d", "e");
    stage.advance(LEAST_RETAIN_MS);
    for (let i = 0; i < 8; i++) await stage.exchange({ trim: 1 });
    assertEquals(await known(stage, "a", "b", "c", "d", "e"), "c d e");
    const [again] = await stage.push({ id: "late", queue: "other", dedupe });
    assertEquals(again, { id: "keyed", disposition: "duplicate" });
  },
  "push() finds the key free of an outcome that was beyond the bound": async (stage) => {
    const dedupe = { key: "k", ttlMs: MIN_RETAIN_MS };
    await stage.settle(succeed(await stage.pushAndClaim({ id: "first", dedupe })));
    await finish(stage, "a", "b", "c");
    stage.advance(LEAST_RETAIN_MS);
    await stage.exchange({ trim: 100 });
    const [reply] = await stage.push({ id: "second", dedupe });
    assertEquals(reply, { id: "second", disposition: "enqueued" });
  },
};
