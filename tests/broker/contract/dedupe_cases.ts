import { assertEquals } from "@std/assert";
import type { PushMessage } from "../../../src/broker/broker.ts";
import { bury, expire, idsOf, message, retry, succeed, target } from "./messages.ts";
import { type Cases, MIN_RETAIN_MS, type Stage } from "./stage.ts";

const TTL_MS = 60_000;

function keyed(id: string, key = "k", ttlMs = TTL_MS): Partial<PushMessage> {
  return { id, nonce: `nonce-${id}`, dedupe: { key, ttlMs } };
}

const lost = (winner: string) => [{ id: winner, disposition: "duplicate" as const }];
const won = (id: string) => [{ id, disposition: "enqueued" as const }];

/** Fails unless the next message takes the key over from the first one. */
async function assertTakenOver(stage: Stage): Promise<void> {
  assertEquals(await stage.push(keyed("next")), won("next"));
  assertEquals(await stage.push(keyed("third")), lost("next"));
}

/** At most one message of a key, unless that one came to nothing. */
export const dedupeCases: Cases = {
  "push() with a key that is taken names the winner": async (stage) => {
    assertEquals(await stage.push(keyed("a")), won("a"));
    assertEquals(await stage.push(keyed("b")), lost("a"));
    assertEquals(await stage.find("b"), undefined);
    assertEquals(idsOf(await stage.claim()), ["a"]);
  },
  "push() with a key sent twice answers the same": async (stage) => {
    for (const one of [keyed("a"), keyed("b")]) {
      const first = await stage.push(one);
      assertEquals(await stage.push(one), first);
    }
    assertEquals(idsOf(await stage.claim()), ["a"]);
  },
  "push() keeps a key while its winner runs": async (stage) => {
    await stage.pushAndClaim(keyed("a"));
    assertEquals(await stage.push(keyed("b")), lost("a"));
  },
  "push() keeps a key after its winner succeeded": async (stage) => {
    await stage.settle(succeed(await stage.pushAndClaim(keyed("a"))));
    assertEquals(await stage.push(keyed("b")), lost("a"));
  },
  "push() keeps a key for its time, counted from the winner": async (stage) => {
    await stage.push(keyed("a"));
    stage.advance(TTL_MS - 1);
    assertEquals(await stage.push(keyed("b")), lost("a"));
    stage.advance(1);
    assertEquals(await stage.push(keyed("c")), won("c"));
    assertEquals(idsOf(await stage.claim()), ["a", "c"]);
  },
  "push() frees the key of a message that died": async (stage) => {
    await stage.settle(bury(await stage.pushAndClaim(keyed("a"))));
    await assertTakenOver(stage);
  },
  "push() frees the key of a message that was cancelled": async (stage) => {
    await stage.push(keyed("a"));
    await stage.broker.cancel([target("a")], { id: "op", retainMs: 0 });
    await assertTakenOver(stage);
  },
  "push() frees the key of a message that expired": async (stage) => {
    await stage.settle(expire(await stage.pushAndClaim(keyed("a"))));
    await assertTakenOver(stage);
  },
  "push() frees the key of a message that reads as expired": async (stage) => {
    await stage.push({ ...keyed("a"), expiresInMs: 100 });
    stage.advance(100);
    assertEquals(await stage.states("a"), ["expired"]);
    await assertTakenOver(stage);
  },
  "push() keeps the key of a message that was delivered before its expiry": async (stage) => {
    const delivery = await stage.pushAndClaim({ ...keyed("a"), expiresInMs: 100 });
    await stage.settle(retry(delivery));
    stage.advance(100);
    assertEquals(await stage.push(keyed("b")), lost("a"));
  },
  "push() frees the key of a discarded letter": async (stage) => {
    await stage.settle(bury(await stage.pushAndClaim(keyed("a"))));
    await stage.broker.discard([target("a")], { id: "op", retainMs: 0 });
    await assertTakenOver(stage);
  },
  "push() frees the key of a message that is no longer known": async (stage) => {
    const dedupe = { key: "k", ttlMs: 10 * MIN_RETAIN_MS };
    await stage.settle(succeed(await stage.pushAndClaim({ ...keyed("a"), dedupe })));
    stage.advance(MIN_RETAIN_MS);
    await assertTakenOver(stage);
  },
  "push() leaves the key to its new holder when the old one is redriven": async (stage) => {
    await stage.settle(bury(await stage.pushAndClaim(keyed("a"))));
    await stage.push(keyed("b"));
    await stage.broker.redrive([message("a")], "op");
    assertEquals(await stage.push(keyed("c")), lost("b"));
    assertEquals(idsOf(await stage.claim()), ["b", "a"]);
  },
  "push() gives the key back to a redriven message": async (stage) => {
    await stage.settle(bury(await stage.pushAndClaim(keyed("a"))));
    await stage.broker.redrive([message("a")], "op");
    assertEquals(await stage.push(keyed("b")), lost("a"));
  },
  "push() keeps the rule inside one batch": async (stage) => {
    const replies = await stage.push(keyed("a"), keyed("b"), keyed("c", "other"), keyed("a"));
    assertEquals(replies, [...won("a"), ...lost("a"), ...won("c"), ...won("a")]);
    assertEquals(idsOf(await stage.claim()), ["a", "c"]);
  },
  "push() looks at the id before the key": async (stage) => {
    await stage.push(keyed("a"), keyed("b", "other"));
    const reply = await stage.push({ ...keyed("b", "k"), nonce: "another" });
    assertEquals(reply, lost("b"));
  },
  "push() keeps keys apart by every byte": async (stage) => {
    const keys = ["k", "K", "k ", "k\0", "k\0x", "", "1e3", "1000", "é", "e\u0301", "a:b"];
    for (const [index, key] of keys.entries()) {
      assertEquals(await stage.push(keyed(`m${index}`, key)), won(`m${index}`));
    }
    for (const [index, key] of keys.entries()) {
      assertEquals(await stage.push(keyed("late", key)), lost(`m${index}`));
    }
  },
  "push() keeps a key over queues and lanes": async (stage) => {
    await stage.push({ ...keyed("a"), queue: "x", priority: "low" });
    assertEquals(await stage.push({ ...keyed("b"), queue: "y" }), lost("a"));
  },
  "push() without a key never minds one": async (stage) => {
    await stage.push(keyed("a"));
    assertEquals(await stage.push("b"), won("b"));
  },
};
