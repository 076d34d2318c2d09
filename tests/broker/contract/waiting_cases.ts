import { assertEquals } from "@std/assert";
import type { ExchangeReply } from "../../../src/broker/broker.ts";
import { defer, renewal } from "./messages.ts";
import { type Cases, LEASE_MS, type Stage } from "./stage.ts";

/** Handing over what is to wait with its worker: should that vanish, the message is not to blame. */
export const waitingCases: Cases = {
  "exchange() counts a crash of what was to begin, and none of what was to wait": async (stage) => {
    await stage.push("a", "b", "c");
    await take(stage, { max: 3, begins: 1 });
    stage.advance(LEASE_MS);
    assertEquals(told(await take(stage)), [["a", 1, "w"], ["b", 0, ""], ["c", 0, ""]]);
  },
  "exchange() counts what begins over all lanes and queues": async (stage) => {
    await stage.push({ id: "a", queue: "p" }, "b", { id: "c", priority: "high" }, "d");
    const queues = ["p", "q"];
    assertEquals(ids(await take(stage, { queues, max: 4, begins: 2 })), ["a", "c", "b", "d"]);
    stage.advance(LEASE_MS);
    const crashes = (await take(stage, { queues })).claimed.map(({ crashes }) => crashes);
    assertEquals(crashes, [1, 1, 0, 0]);
  },
  "exchange() counts a crash of what waited, and has begun": async (stage) => {
    await stage.push("m");
    const { claimed: [waiting] } = await take(stage, { begins: 0 });
    assertEquals(await stage.extend({ ...renewal(waiting!), begins: true }), ["ok"]);
    stage.advance(LEASE_MS);
    assertEquals(told(await take(stage)), [["m", 1, "w"]]);
  },
  "exchange() gives what was lost while it waited only to who begins it": async (stage) => {
    await stage.push("a", "b");
    await take(stage, { begins: 0 });
    stage.advance(LEASE_MS);
    await stage.push("c", "d");
    const others = await take(stage, { begins: 0 });
    assertEquals([ids(others), others.left], [["c", "d"], true]);
    const first = await take(stage, { begins: 1 });
    assertEquals([told(first), first.left], [[["a", 0, ""]], true]);
    const second = await take(stage, { begins: 1 });
    assertEquals([told(second), second.left], [[["b", 0, ""]], false]);
    stage.advance(LEASE_MS);
    const again = await take(stage);
    assertEquals(told(again).filter(([id]) => id < "c"), [["a", 1, "w"], ["b", 1, "w"]]);
  },
  "exchange() gives what has crashed a worker only to who begins it": async (stage) => {
    const delivery = await stage.pushAndClaim();
    stage.advance(LEASE_MS);
    const none = await take(stage, { begins: 0 });
    assertEquals([ids(none), none.left, none.nextDueAtMs! <= none.nowMs], [[], true, true]);
    const next = await stage.claimOne();
    assertEquals([next.crashes, next.fence], [1, delivery.fence + 1]);
    await stage.settle(defer(next));
    assertEquals(ids(await take(stage, { begins: 0 })), []);
    assertEquals(ids(await take(stage, { begins: 1 })), ["m"]);
  },
  "exchange() looks at no more than it could take, what it leaves included": async (stage) => {
    await stage.push("a");
    await take(stage, { begins: 0 });
    stage.advance(LEASE_MS);
    await stage.push("b");
    const none = await take(stage, { max: 1, begins: 0 });
    assertEquals([ids(none), none.left], [[], true]);
  },
  "exchange() has wait again what waited and was handed back": async (stage) => {
    await stage.push("m");
    const { claimed: [waiting] } = await take(stage, { begins: 0 });
    assertEquals(await stage.states("m"), ["leased"]);
    assertEquals(await stage.settle(defer(waiting!)), ["ok"]);
    const { claimed, left } = await take(stage, { begins: 0 });
    assertEquals([claimed.length, left], [1, false]);
    stage.advance(LEASE_MS);
    assertEquals(told(await take(stage)), [["m", 0, ""]]);
  },
  "exchange() sent twice says twice that something was left": async (stage) => {
    await stage.push("a");
    await take(stage, { begins: 0 });
    stage.advance(LEASE_MS);
    await stage.push("b");
    const request = { channel: "waits", seq: 1, claim: { queues: ["q"], max: 2, begins: 0 } };
    const once = await stage.exchange(request);
    assertEquals([ids(once), once.left], [["b"], true]);
    assertEquals(await stage.unchanged("b", () => stage.exchange(request)), once);
  },
  "exchange() sent twice hands over the same to wait, once": async (stage) => {
    await stage.push("a", "b");
    const request = { channel: "waits", seq: 1, claim: { queues: ["q"], max: 2, begins: 1 } };
    const once = await stage.exchange(request);
    const twice = await stage.unchanged("b", () => stage.exchange(request));
    assertEquals(twice.claimed, once.claimed);
    stage.advance(LEASE_MS);
    assertEquals(told(await take(stage)), [["a", 1, "w"], ["b", 0, ""]]);
  },
};

interface Fields {
  readonly queues?: readonly string[];
  readonly max?: number;
  readonly begins?: number;
}

function take(stage: Stage, { queues = ["q"], max = 10, ...rest }: Fields = {}) {
  return stage.exchange({ claim: { queues, max, ...rest } });
}

function ids({ claimed }: ExchangeReply): string[] {
  return claimed.map(({ id }) => id);
}

function told({ claimed }: ExchangeReply): [id: string, crashes: number, crashedWorker: string][] {
  return claimed.map(({ id, crashes, crashedWorker }) => [id, crashes, crashedWorker]);
}
