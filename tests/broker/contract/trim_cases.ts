import { assertEquals } from "@std/assert";
import { bury, retry, succeed, target } from "./messages.ts";
import { type Cases, MIN_RETAIN_MS, type Stage } from "./stage.ts";

/** Counts which ids are still in the store, past their time or not, by setting the clock back. */
async function countStored(stage: Stage, backMs: number, ids: string[]): Promise<number> {
  stage.advance(-backMs);
  const states = await stage.states(...ids);
  stage.advance(backMs);
  return states.filter((state) => state !== undefined).length;
}

/** Forgetting what is past its time, a batch at a time. */
export const trimCases: Cases = {
  "exchange() trims at most as many outcomes as asked": async (stage) => {
    const ids = ["a", "b", "c", "d", "e"];
    await stage.push(...ids);
    await stage.settle(...(await stage.claim()).map((one) => succeed(one)));
    stage.advance(MIN_RETAIN_MS);
    for (const [trim, left] of [[0, 5], [2, 3], [2, 1], [2, 0]] as const) {
      await stage.exchange({ trim });
      assertEquals(await countStored(stage, 1, ids), left);
    }
  },
  "exchange() trims what went past its time first": async (stage) => {
    await stage.push("a", "b");
    const [a, b] = await stage.claim();
    await stage.settle(succeed(a!, { retainMs: 3 * MIN_RETAIN_MS }), succeed(b!));
    stage.advance(3 * MIN_RETAIN_MS);
    await stage.exchange({ trim: 1 });
    const back = 2 * MIN_RETAIN_MS + 1;
    assertEquals(await countStored(stage, back, ["b"]), 0);
    assertEquals(await countStored(stage, back, ["a"]), 1);
  },
  "exchange() trims nothing that has an owner, a place or time left": async (stage) => {
    await stage.push("dead", "leased", "backs-off", "kept", "cancelled", "waits");
    const [dead, _, backsOff, kept] = await stage.claim({ max: 4 });
    await stage.settle(
      bury(dead!),
      retry(backsOff!),
      succeed(kept!, { retainMs: 10 * MIN_RETAIN_MS }),
    );
    await stage.broker.cancel([target("cancelled")], { id: "op", retainMs: 0 });
    stage.advance(MIN_RETAIN_MS - 1);
    await stage.exchange({ trim: 1_000 });
    assertEquals(
      await stage.states("dead", "leased", "backs-off", "kept", "cancelled", "waits"),
      ["dead", "ready", "ready", "succeeded", "cancelled", "ready"],
    );
  },
  "exchange() trims cancelled and discarded messages too": async (stage) => {
    await stage.settle(bury(await stage.pushAndClaim("a")));
    await stage.push("b");
    await stage.broker.discard([target("a")], { id: "op", retainMs: 0 });
    await stage.broker.cancel([target("b")], { id: "op", retainMs: 0 });
    stage.advance(MIN_RETAIN_MS);
    await stage.exchange({ trim: 10 });
    assertEquals(await countStored(stage, 1, ["a", "b"]), 0);
  },
  "exchange() trims keys past their time": async (stage) => {
    const dedupe = { key: "k", ttlMs: 1_000 };
    await stage.push({ id: "a", dedupe });
    stage.advance(1_000);
    await stage.exchange({ trim: 10 });
    stage.advance(-1);
    const [reply] = await stage.push({ id: "b", dedupe });
    assertEquals(reply?.disposition, "enqueued");
  },
  "exchange() keeps keys that have time left": async (stage) => {
    const dedupe = { key: "k", ttlMs: 1_000 };
    await stage.push({ id: "a", dedupe });
    stage.advance(999);
    await stage.exchange({ trim: 10 });
    const [reply] = await stage.push({ id: "b", dedupe });
    assertEquals(reply, { id: "a", disposition: "duplicate" });
  },
  "exchange() trims in the request that settles": async (stage) => {
    const first = await stage.pushAndClaim("a");
    await stage.settle(succeed(first));
    const second = await stage.pushAndClaim("b");
    stage.advance(MIN_RETAIN_MS);
    const { settled } = await stage.exchange({ settle: [succeed(second)], trim: 10 });
    assertEquals(settled, ["ok"]);
    assertEquals(await countStored(stage, 1, ["a"]), 0);
    assertEquals(await stage.states("b"), ["succeeded"]);
  },
};
