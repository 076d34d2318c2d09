import { assertEquals } from "@std/assert";
import { MAX_BATCH } from "../../../src/broker/broker.ts";
import { isFinal } from "../../../src/status.ts";
import { bury, expire, retry, succeed, target } from "./messages.ts";
import { type Cases, LEASE_MS, MIN_RETAIN_MS } from "./stage.ts";

/** Reading messages where they stand. */
export const readCases: Cases = {
  "read() answers in the order asked, undefined for the unknown": async (stage) => {
    await stage.push("a", "b");
    const records = await stage.broker.read(["b", "none", "a", "b"]);
    assertEquals(records.map((record) => record?.id), ["b", undefined, "a", "b"]);
  },
  "read() of nothing answers nothing": async (stage) => {
    assertEquals(await stage.broker.read([]), []);
  },
  "read() takes MAX_BATCH ids": async (stage) => {
    const ids = Array.from({ length: MAX_BATCH }, (_, index) => `m${index}`);
    await stage.push(...ids);
    const records = await stage.broker.read(ids);
    assertEquals(records.map((record) => record?.id), ids);
  },
  "read() tells every state": async (stage) => {
    await stage.push("succeeded", "dead", "expired", "leased");
    const [a, b, c] = await stage.claim();
    await stage.settle(succeed(a!), bury(b!), expire(c!));
    await stage.push("cancelled", "ready", { id: "scheduled", delayMs: 1 });
    await stage.broker.cancel([target("cancelled")], { id: "op", retainMs: 0 });
    const states = [
      ...["scheduled", "ready", "leased"],
      ...["succeeded", "dead", "cancelled", "expired"],
    ];
    assertEquals(await stage.states(...states), states);
  },
  "read() for outcomes tells the same of all that has one, and none of the others": async (
    stage,
  ) => {
    await stage.push("succeeded", "dead", "expired", "leased");
    const [a, b, c] = await stage.claim();
    await stage.settle(succeed(a!, { result: "r" }), bury(b!), expire(c!));
    await stage.push("cancelled", "ready", { id: "scheduled", delayMs: 1 });
    await stage.push({ id: "late", expiresInMs: 1 }, { id: "in-time", expiresInMs: 1_000 });
    await stage.broker.cancel([target("cancelled")], { id: "op", retainMs: 0 });
    stage.advance(10);
    const ended = ["succeeded", "dead", "cancelled", "expired", "late", "none"];
    assertEquals(await stage.broker.read(ended, "outcome"), await stage.broker.read(ended));
    for (const id of ["scheduled", "ready", "leased", "in-time"]) {
      const [record] = await stage.broker.read([id], "outcome");
      assertEquals([record?.id, isFinal(record!.state)], [id, false]);
    }
    assertEquals(await stage.broker.read([], "outcome"), []);
  },
  "read() tells a message whose lease ran out as ready": async (stage) => {
    await stage.pushAndClaim();
    stage.advance(LEASE_MS - 1);
    assertEquals(await stage.states("m"), ["leased"]);
    stage.advance(1);
    assertEquals(await stage.states("m"), ["ready"]);
  },
  "read() names the last worker after a retry": async (stage) => {
    await stage.push("m");
    await stage.settle(retry(await stage.claimOne({ worker: "w1" })));
    assertEquals((await stage.record()).worker, "w1");
  },
  "read() finds an outcome for its retention": async (stage) => {
    const retainMs = 3 * MIN_RETAIN_MS;
    await stage.settle(succeed(await stage.pushAndClaim(), { retainMs, result: "r" }));
    stage.advance(retainMs - 1);
    assertEquals((await stage.record()).result, "r");
    stage.advance(1);
    assertEquals(await stage.find(), undefined);
  },
  "read() finds an outcome for ten minutes at least": async (stage) => {
    await stage.push("a", "b", "c");
    const [a, b] = await stage.claim({ max: 2 });
    await stage.settle(succeed(a!, { retainMs: 0 }), expire(b!, { retainMs: 1 }));
    await stage.broker.cancel([target("c")], { id: "op", retainMs: 0 });
    stage.advance(MIN_RETAIN_MS - 1);
    await stage.exchange({ trim: 100 });
    assertEquals(await stage.states("a", "b", "c"), ["succeeded", "expired", "cancelled"]);
    stage.advance(1);
    assertEquals(await stage.states("a", "b", "c"), [undefined, undefined, undefined]);
  },
};
