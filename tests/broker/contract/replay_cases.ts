import { assertEquals } from "@std/assert";
import { bury, defer, idsOf, newChannel, renewal, retry, succeed } from "./messages.ts";
import { type Cases, LEASE_MS } from "./stage.ts";

const HOUR_MS = 3_600_000;

/** Requests sent twice, and requests that come late. */
export const replayCases: Cases = {
  "exchange() sent twice claims the same batch": async (stage) => {
    const channel = newChannel();
    await stage.push({ id: "c", priority: "low" }, "b", "a");
    const request = { channel, seq: 1, max: 2, worker: "w1" };
    const first = await stage.claim(request);
    stage.advance(10);
    assertEquals(await stage.claim(request), first);
    assertEquals(idsOf(first), ["b", "a"]);
    assertEquals(await stage.states("c"), ["ready"]);
  },
  "exchange() sent twice counts and renews nothing twice": async (stage) => {
    await stage.push("m");
    const request = { channel: newChannel(), seq: 1 };
    await stage.claimOne(request);
    stage.advance(10);
    await stage.unchanged("m", () => stage.claimOne(request));
  },
  "exchange() sent twice repeats what is told of a crash": async (stage) => {
    await stage.push("m");
    await stage.claimOne({ worker: "w1" });
    stage.advance(LEASE_MS);
    const request = { channel: newChannel(), seq: 1, worker: "w2" };
    const first = await stage.claimOne(request);
    assertEquals([first.crashes, first.crashedWorker], [1, "w1"]);
    assertEquals(await stage.claimOne(request), first);
  },
  "exchange() sent twice leaves out what is no longer held": async (stage) => {
    await stage.push("a", "b", "c", "d");
    const request = { channel: newChannel(), seq: 1 };
    const [a, b, c] = await stage.claim(request);
    await stage.settle(succeed(a!), retry(b!), bury(c!));
    assertEquals(idsOf(await stage.claim(request)), ["d"]);
  },
  "exchange() sent twice leaves out what another worker has claimed": async (stage) => {
    await stage.push("a", "b");
    const request = { channel: newChannel(), seq: 1 };
    await stage.claim(request);
    stage.advance(LEASE_MS);
    const [taken] = await stage.claim({ max: 1 });
    assertEquals(idsOf(await stage.claim(request)), taken!.id === "a" ? ["b"] : ["a"]);
    assertEquals(await stage.settle(succeed(taken!)), ["ok"]);
  },
  "exchange() sent twice after taking nothing takes nothing": async (stage) => {
    const request = { channel: newChannel(), seq: 1 };
    assertEquals(await stage.claim(request), []);
    await stage.push("m");
    assertEquals(await stage.claim(request), []);
    assertEquals(idsOf(await stage.claim({ ...request, seq: 2 })), ["m"]);
  },
  "exchange() sent again answers as it did, though another worker has settled since": async (
    stage,
  ) => {
    const first = await stage.pushAndClaim();
    const request = { channel: newChannel(), seq: 1, settle: [retry(first)] };
    assertEquals((await stage.exchange(request)).settled, ["ok"]);
    await stage.settle(retry(await stage.claimOne()));
    const again = () => stage.exchange(request);
    assertEquals((await stage.unchanged("m", again)).settled, ["ok"]);
    await stage.settle(succeed(await stage.claimOne()));
    assertEquals((await stage.unchanged("m", again)).settled, ["ok"]);
    // Anybody else is told what is true now.
    assertEquals(await stage.settle(retry(first)), ["lease_lost"]);
  },
  "exchange() sent again answers as it did, though its messages are forgotten": async (stage) => {
    const first = await stage.pushAndClaim();
    const request = { channel: newChannel(), seq: 1, settle: [succeed(first)] };
    assertEquals((await stage.exchange(request)).settled, ["ok"]);
    stage.advance(HOUR_MS - 1);
    await stage.exchange({ trim: 10 });
    assertEquals((await stage.exchange(request)).settled, ["ok"]);
  },
  "exchange() that comes late does not change what is answered to the last one": async (stage) => {
    await stage.push("a", "b");
    const [a, b] = await stage.claim();
    const channel = newChannel();
    const early = { channel, seq: 1, settle: [succeed(a!)] };
    const last = { channel, seq: 2, settle: [retry(b!)] };
    assertEquals((await stage.exchange(early)).settled, ["ok"]);
    assertEquals((await stage.exchange(last)).settled, ["ok"]);
    await stage.settle(retry(await stage.claimOne()));
    assertEquals((await stage.exchange(early)).settled, ["ok"]);
    assertEquals((await stage.exchange(last)).settled, ["ok"]);
  },
  "exchange() sent twice settles once and answers the same": async (stage) => {
    const [channel, queues] = [newChannel(), ["q"]];
    await stage.push("a", "b");
    const [a] = await stage.claim({ channel, seq: 1, max: 1 });
    const request = { channel, seq: 2, settle: [retry(a!)], claim: { queues, max: 1 } };
    const first = await stage.exchange(request);
    assertEquals([first.settled, idsOf(first.claimed)], [["ok"], ["b"]]);
    const second = await stage.exchange(request);
    assertEquals([second.settled, second.claimed], [first.settled, first.claimed]);
    assertEquals((await stage.record("a")).failures, 1);
  },
  "exchange() sent twice with a message that it settled and took again": async (stage) => {
    const channel = newChannel();
    await stage.push("m");
    const first = await stage.claimOne({ channel, seq: 1 });
    const request = {
      channel,
      seq: 2,
      settle: [defer(first)],
      claim: { queues: ["q"], max: 1 },
    };
    const second = await stage.exchange(request);
    assertEquals(second.claimed[0]?.fence, 2);
    const again = await stage.exchange(request);
    assertEquals([again.settled, again.claimed], [["ok"], second.claimed]);
  },
  "exchange() that comes after a later one claims nothing": async (stage) => {
    const channel = newChannel();
    await stage.push("a", "b");
    await stage.claim({ channel, seq: 2, max: 1 });
    assertEquals(await stage.claim({ channel, seq: 1 }), []);
    assertEquals(await stage.states("b"), ["ready"]);
  },
  "exchange() does not repeat a batch after a later one": async (stage) => {
    const channel = newChannel();
    await stage.push("a", "b");
    const first = { channel, seq: 1, max: 1 };
    await stage.claim(first);
    await stage.claim({ channel, seq: 2, max: 1 });
    assertEquals(await stage.claim(first), []);
  },
  "exchange() that comes late still settles and renews what is held": async (stage) => {
    const [channel, queues] = [newChannel(), ["q"]];
    await stage.push("a", "b", "c");
    const [a, b] = await stage.claim({ channel, seq: 5, max: 2 });
    stage.advance(1_000);
    const late = await stage.exchange({
      channel,
      seq: 4,
      settle: [succeed(a!)],
      extend: [renewal(b!)],
      claim: { queues, max: 10 },
    });
    assertEquals([late.settled, late.extended, late.claimed], [["ok"], ["ok"], []]);
    assertEquals(await stage.states("a"), ["succeeded"]);
    assertEquals((await stage.record("b")).dueAtMs, stage.nowMs + LEASE_MS);
  },
  "exchange() without a claim leaves the channel's batch to be repeated": async (stage) => {
    const channel = newChannel();
    await stage.push("m", "n");
    const first = await stage.claimOne({ channel, seq: 1 });
    await stage.exchange({ channel, seq: 2 });
    assertEquals(await stage.claim({ channel, seq: 1, max: 1 }), [first]);
  },
  "exchange() of the same number that only settles leaves the batch to be repeated": async (
    stage,
  ) => {
    const channel = newChannel();
    await stage.push("m", "n");
    const [m, n] = await stage.claim({ channel, seq: 1 });
    await stage.exchange({ channel, seq: 1, settle: [succeed(n!)] });
    assertEquals(await stage.claim({ channel, seq: 1 }), [m]);
  },
  "exchange() may skip numbers": async (stage) => {
    const channel = newChannel();
    await stage.push("a", "b");
    assertEquals((await stage.claim({ channel, seq: 3, max: 1 })).length, 1);
    assertEquals((await stage.claim({ channel, seq: 900_000_000, max: 1 })).length, 1);
  },
  "exchange() keeps channels apart": async (stage) => {
    await stage.push("a", "b");
    const [one, two] = [newChannel(), newChannel()];
    const first = await stage.claim({ channel: one, seq: 9, max: 1 });
    const second = await stage.claim({ channel: two, seq: 1, max: 1 });
    assertEquals([idsOf(first), idsOf(second)], [["a"], ["b"]]);
    assertEquals(await stage.claim({ channel: one, seq: 9, max: 1 }), first);
  },
  "exchange() repeats a batch through another broker": async (stage) => {
    const other = await stage.reopen();
    if (other === undefined) return;
    const [channel, queues] = [newChannel(), ["q"]];
    await stage.push("a", "b");
    const first = await stage.claim({ channel, seq: 1, max: 1 });
    const again = await other.exchange({
      ...{ channel, seq: 1, worker: "w", leaseMs: LEASE_MS, settle: [], extend: [] },
      ...{ claim: { queues, max: 1 }, trim: 0, sweep: false },
    });
    assertEquals(again.claimed, first);
  },
  "exchange() repeats a batch whose lease ran out unseen": async (stage) => {
    await stage.push("m");
    const request = { channel: newChannel(), seq: 1 };
    const first = await stage.claimOne(request);
    stage.advance(LEASE_MS + 1);
    assertEquals(await stage.claim(request), [first]);
    assertEquals(await stage.settle(succeed(first)), ["ok"]);
  },
  "exchange() forgets a channel an hour after its last use, by trimming": async (stage) => {
    await stage.push("a");
    const request = { channel: newChannel(), seq: 1 };
    await stage.claim({ ...request, leaseMs: 10 * HOUR_MS });
    await stage.push("b");
    stage.advance(HOUR_MS - 1);
    await stage.exchange({ trim: 100 });
    assertEquals(idsOf(await stage.claim(request)), ["a"]);
    stage.advance(HOUR_MS - 1);
    await stage.exchange({ trim: 100 });
    assertEquals(idsOf(await stage.claim(request)), ["a"]);
    stage.advance(HOUR_MS);
    await stage.exchange({ trim: 100 });
    assertEquals(idsOf(await stage.claim(request)), ["b"]);
  },
};
