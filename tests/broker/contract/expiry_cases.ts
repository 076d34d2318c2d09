import { assertEquals } from "@std/assert";
import { defer, expire, idsOf, retry, target } from "./messages.ts";
import { type Cases, LEASE_MS } from "./stage.ts";

/** Messages that are not worth a start any more. */
export const expiryCases: Cases = {
  "read() tells a message as expired from its instant on": async (stage) => {
    await stage.push({ id: "m", expiresInMs: 100 });
    stage.advance(99);
    assertEquals(await stage.states("m"), ["ready"]);
    stage.advance(1);
    const { state, body, finishedAtMs } = await stage.record();
    assertEquals([state, body, finishedAtMs], ["expired", "body", 0]);
  },
  "read() tells a scheduled message as expired too": async (stage) => {
    await stage.push({ id: "m", delayMs: 1_000, expiresInMs: 100 });
    stage.advance(100);
    assertEquals(await stage.states("m"), ["expired"]);
    assertEquals(await stage.claim(), []);
  },
  "exchange() hands an expired message over, for a worker to settle": async (stage) => {
    await stage.push({ id: "m", expiresInMs: 100 });
    stage.advance(500);
    const delivery = await stage.claimOne();
    assertEquals([delivery.expiresAtMs, delivery.fence], [stage.nowMs - 400, 1]);
    assertEquals(await stage.states("m"), ["leased"]);
    assertEquals(await stage.settle(expire(delivery, { result: "late" })), ["ok"]);
    assertEquals(await stage.states("m"), ["expired"]);
  },
  "read() tells no message as expired that was once delivered": async (stage) => {
    await stage.push({ id: "a", expiresInMs: 100 }, { id: "b", expiresInMs: 100 });
    const [a, b] = await stage.claim();
    await stage.settle(retry(a!, { delayMs: 1_000 }), defer(b!));
    stage.advance(200);
    assertEquals(await stage.states("a", "b"), ["scheduled", "ready"]);
  },
  "read() tells no message as expired whose lease ran out": async (stage) => {
    await stage.pushAndClaim({ id: "m", expiresInMs: 100 });
    stage.advance(LEASE_MS);
    assertEquals(await stage.states("m"), ["ready"]);
    assertEquals(idsOf(await stage.claim()), ["m"]);
  },
  "cancel() ends a message that reads as expired": async (stage) => {
    await stage.push({ id: "m", expiresInMs: 100 });
    stage.advance(200);
    const answers = await stage.broker.cancel([target("m", "r")], { id: "op", retainMs: 0 });
    assertEquals(answers, ["cancelled"]);
    assertEquals(await stage.states("m"), ["cancelled"]);
    assertEquals(await stage.claim(), []);
  },
  "exchange() gives 0 for a message that never expires": async (stage) => {
    assertEquals((await stage.pushAndClaim()).expiresAtMs, 0);
    stage.advance(400 * 86_400_000);
    assertEquals(await stage.states("m"), ["ready"]);
  },
};
