import { assertEquals, assertNotEquals } from "@std/assert";
import { MAX_BATCH } from "../../../src/broker/broker.ts";
import { bury, defer, idsOf, newChannel, renewal, retry, succeed } from "./messages.ts";
import { type Cases, LEASE_MS } from "./stage.ts";

/** Handing messages over: order, lanes, queues, leases and what becomes of crashed ones. */
export const claimCases: Cases = {
  "exchange() hands over a message with all that is known of it": async (stage) => {
    const channel = newChannel();
    const enqueuedAtMs = stage.nowMs;
    await stage.push({ id: "m", priority: "low", expiresInMs: 5_000, body: "hello" });
    stage.advance(1_000);
    const { token: _, ...delivery } = await stage.claimOne({ channel, seq: 7, worker: "w1" });
    assertEquals(delivery, {
      id: "m",
      queue: "q",
      priority: "low",
      claim: `${channel}.7`,
      fence: 1,
      failures: 0,
      crashes: 0,
      crashedWorker: "",
      enqueuedAtMs,
      expiresAtMs: enqueuedAtMs + 5_000,
      journal: "",
      body: "hello",
    });
  },
  "exchange() leaves a claimed message leased, under its worker's name": async (stage) => {
    await stage.push("m");
    await stage.claimOne({ worker: "w1", leaseMs: 4_000 });
    const { state, worker, fence, dueAtMs } = await stage.record();
    assertEquals([state, worker, fence, dueAtMs], ["leased", "w1", 1, stage.nowMs + 4_000]);
    assertEquals(await stage.claim(), []);
  },
  "exchange() claims in the order of pushing": async (stage) => {
    await stage.push("d", "b");
    await stage.push("c");
    stage.advance(1);
    await stage.push("a");
    assertEquals(idsOf(await stage.claim()), ["d", "b", "c", "a"]);
  },
  "exchange() claims by when messages became due, not by when they came": async (stage) => {
    await stage.push({ id: "c", delayMs: 300 }, { id: "b", delayMs: 200 });
    await stage.push({ id: "a", delayMs: 100 });
    stage.advance(300);
    await stage.push("d");
    assertEquals(idsOf(await stage.claim()), ["a", "b", "c", "d"]);
  },
  "exchange() claims messages due at one instant in the order of pushing": async (stage) => {
    await stage.push({ id: "b", delayMs: 100 });
    stage.advance(60);
    await stage.push({ id: "c", delayMs: 40 }, { id: "a", delayMs: 40 });
    stage.advance(40);
    assertEquals(idsOf(await stage.claim()), ["b", "c", "a"]);
  },
  "exchange() claims one at a time in the same order": async (stage) => {
    const ids = ["e", "a", "d", "b", "c"];
    await stage.push(...ids);
    const claimed: string[] = [];
    for (const _ of ids) claimed.push((await stage.claimOne()).id);
    assertEquals(claimed, ids);
  },
  "exchange() puts deferred and retried messages behind those waiting": async (stage) => {
    await stage.push("a", "b");
    const [a, b] = await stage.claim();
    await stage.push("c");
    await stage.settle(defer(b!), retry(a!));
    await stage.push("d");
    assertEquals(idsOf(await stage.claim()), ["c", "b", "a", "d"]);
  },
  "exchange() keeps the order of a batch whose leases ran out": async (stage) => {
    await stage.push({ id: "c", delayMs: 3 }, { id: "a", delayMs: 2 }, { id: "b", delayMs: 1 });
    stage.advance(3);
    const ids = ["b", "a", "c"];
    assertEquals(idsOf(await stage.claim({ leaseMs: 1_000 })), ids);
    stage.advance(1_000);
    assertEquals(idsOf(await stage.claim()), ids);
  },
  "exchange() keeps the order of a batch that was renewed": async (stage) => {
    await stage.push("a", "b", "c");
    const [a, b, c] = await stage.claim();
    await stage.extend(renewal(c!), renewal(a!), renewal(b!));
    stage.advance(LEASE_MS);
    assertEquals(idsOf(await stage.claim()), ["c", "a", "b"]);
  },
  "exchange() serves high before normal before low": async (stage) => {
    await stage.push({ id: "low", priority: "low" });
    stage.advance(1);
    await stage.push({ id: "normal", priority: "normal" });
    stage.advance(1);
    await stage.push({ id: "high", priority: "high" });
    assertEquals(idsOf(await stage.claim()), ["high", "normal", "low"]);
  },
  "exchange() serves all lanes of a queue before the next queue": async (stage) => {
    await stage.push(
      { id: "b-high", queue: "b", priority: "high" },
      { id: "a-low", queue: "a", priority: "low" },
      { id: "b-normal", queue: "b" },
      { id: "a-normal", queue: "a" },
    );
    const claimed = await stage.claim({ queues: ["a", "b"] });
    assertEquals(idsOf(claimed), ["a-normal", "a-low", "b-high", "b-normal"]);
  },
  "exchange() claims from the queues named only": async (stage) => {
    await stage.push({ id: "mine", queue: "a" }, { id: "other", queue: "b" });
    assertEquals(idsOf(await stage.claim({ queues: ["none", "a"] })), ["mine"]);
    assertEquals(await stage.states("other"), ["ready"]);
  },
  "exchange() with a queue named twice claims each message once": async (stage) => {
    await stage.push("a", "b");
    assertEquals(idsOf(await stage.claim({ queues: ["q", "q"] })), ["a", "b"]);
  },
  "exchange() claims at most as many as asked, over lanes and queues": async (stage) => {
    await stage.push(
      { id: "a1", queue: "a", priority: "high" },
      { id: "a2", queue: "a" },
      { id: "b1", queue: "b" },
      { id: "b2", queue: "b" },
    );
    assertEquals(idsOf(await stage.claim({ queues: ["a", "b"], max: 3 })), ["a1", "a2", "b1"]);
    assertEquals(await stage.states("b2"), ["ready"]);
  },
  "exchange() claims MAX_BATCH messages at once": async (stage) => {
    const ids = Array.from({ length: MAX_BATCH }, (_, index) => `m${index}`);
    await stage.push(...ids);
    await stage.push("more");
    const claimed = await stage.claim({ max: MAX_BATCH });
    assertEquals(idsOf(claimed), ids);
    const answers = await stage.settle(...claimed.map((one) => succeed(one)));
    assertEquals(answers, ids.map(() => "ok"));
  },
  "exchange() finds nothing in empty and unknown queues": async (stage) => {
    assertEquals(await stage.claim({ queues: ["q", "none"] }), []);
    assertEquals(await stage.claim({ queues: [] }), []);
  },
  "exchange() without a claim takes nothing": async (stage) => {
    await stage.push("m");
    assertEquals((await stage.exchange()).claimed, []);
    assertEquals(await stage.states("m"), ["ready"]);
  },
  "exchange() tells the store's clock": async (stage) => {
    stage.advance(123);
    assertEquals((await stage.exchange()).nowMs, stage.nowMs);
  },
  "exchange() gives every delivery a claim of its own": async (stage) => {
    await stage.push("a", "b");
    const channel = newChannel();
    const first = await stage.claimOne({ channel, seq: 1 });
    const second = await stage.claimOne({ channel, seq: 2 });
    assertEquals([first.claim, second.claim], [`${channel}.1`, `${channel}.2`]);
    assertNotEquals(first.id, second.id);
  },
  "exchange() hands a message over again when its lease ran out": async (stage) => {
    await stage.push("m");
    await stage.claimOne({ worker: "w1" });
    stage.advance(LEASE_MS - 1);
    assertEquals(await stage.claim(), []);
    stage.advance(1);
    const { fence, crashes, failures, crashedWorker } = await stage.claimOne({ worker: "w2" });
    assertEquals([fence, crashes, failures, crashedWorker], [2, 1, 0, "w1"]);
    assertEquals((await stage.record()).worker, "w2");
  },
  "exchange() names the worker that crashed last": async (stage) => {
    await stage.push("m");
    for (const worker of ["w1", "w2"]) {
      await stage.claimOne({ worker });
      stage.advance(LEASE_MS);
    }
    const { fence, crashes, crashedWorker } = await stage.claimOne({ worker: "w3" });
    assertEquals([fence, crashes, crashedWorker], [3, 2, "w2"]);
  },
  "exchange() counts no crash for a message that was handed back": async (stage) => {
    const first = await stage.pushAndClaim();
    await stage.settle(defer(first));
    stage.advance(LEASE_MS * 2);
    const { fence, crashes, crashedWorker } = await stage.claimOne();
    assertEquals([fence, crashes, crashedWorker], [2, 0, ""]);
  },
  "exchange() names no crashed worker after an orderly settlement": async (stage) => {
    await stage.push("m");
    await stage.claimOne({ worker: "w1" });
    stage.advance(LEASE_MS);
    await stage.settle(retry(await stage.claimOne({ worker: "w2" })));
    const { fence, crashes, crashedWorker } = await stage.claimOne({ worker: "w3" });
    assertEquals([fence, crashes, crashedWorker], [3, 1, ""]);
  },
  "exchange() claims what it has just settled, behind those waiting": async (stage) => {
    const first = await stage.pushAndClaim("a");
    await stage.push("b");
    const { settled, claimed } = await stage.exchange({
      settle: [retry(first)],
      claim: { queues: ["q"], max: 10 },
    });
    assertEquals([settled, idsOf(claimed)], [["ok"], ["b", "a"]]);
  },
  "exchange() renews before it claims": async (stage) => {
    const first = await stage.pushAndClaim();
    stage.advance(LEASE_MS);
    const { extended, claimed } = await stage.exchange({
      extend: [renewal(first)],
      claim: { queues: ["q"], max: 10 },
    });
    assertEquals([extended, claimed], [["ok"], []]);
  },
  "exchange() settles before it renews": async (stage) => {
    const first = await stage.pushAndClaim();
    const reply = await stage.exchange({ settle: [bury(first)], extend: [renewal(first)] });
    assertEquals([reply.settled, reply.extended], [["ok"], ["lease_lost"]]);
    assertEquals(await stage.states("m"), ["dead"]);
  },
  "exchange() with a sweep finds the same work": async (stage) => {
    await stage.push("a", { id: "b", priority: "low" });
    const reply = await stage.exchange({ claim: { queues: ["q"], max: 10 }, sweep: true });
    assertEquals(idsOf(reply.claimed), ["a", "b"]);
  },
};
