import { assertEquals } from "@std/assert";
import { MAX_BATCH, type Settlement } from "../../../src/broker/broker.ts";
import { bury, defer, expire, idsOf, message, renewal, retry, succeed } from "./messages.ts";
import { type Cases, LEASE_MS, MIN_RETAIN_MS } from "./stage.ts";

type MakeSettlement = (delivery: Parameters<typeof succeed>[0]) => Settlement;

/** One settlement of each outcome; those that put back do so with a delay. */
const SETTLEMENTS: Readonly<Record<string, MakeSettlement>> = {
  success: (delivery) => succeed(delivery, { result: "r" }),
  expiry: (delivery) => expire(delivery, { result: "r" }),
  death: (delivery) => bury(delivery, { journal: "j" }),
  retry: (delivery) => retry(delivery, { delayMs: 500, journal: "j" }),
  deferral: (delivery) => defer(delivery, { delayMs: 500 }),
};

/** Makes a test of each outcome. */
function everySettlement(
  behaviour: string,
  play: (stage: Parameters<Cases[string]>[0], settlement: MakeSettlement) => Promise<void>,
): Cases {
  return Object.fromEntries(
    Object.entries(SETTLEMENTS).map(([name, settlement]) => [
      `exchange() with a ${name} ${behaviour}`,
      (stage) => play(stage, settlement),
    ]),
  );
}

/** How deliveries end: each outcome, each sent twice, and those of workers that lost their lease. */
export const settleCases: Cases = {
  "exchange() settles a success: it leaves its line, its result stays": async (stage) => {
    const delivery = await stage.pushAndClaim();
    await stage.extend(renewal(delivery, "half"));
    stage.advance(50);
    assertEquals(await stage.settle(succeed(delivery, { result: "done" })), ["ok"]);
    const { dueAtMs: _, ...record } = await stage.record();
    assertEquals(record, {
      ...{ id: "m", queue: "q", priority: "normal", state: "succeeded", failures: 0, crashes: 0 },
      ...{ fence: 1, enqueuedAtMs: stage.nowMs - 50, finishedAtMs: stage.nowMs, worker: "w" },
      ...{ body: "", journal: "", progress: "", result: "done" },
    });
    stage.advance(LEASE_MS);
    assertEquals(await stage.claim(), []);
  },
  "exchange() drops the journal of a message that succeeds at last": async (stage) => {
    await stage.settle(retry(await stage.pushAndClaim(), { journal: "j" }));
    await stage.settle(succeed(await stage.claimOne()));
    const { journal, failures, fence } = await stage.record();
    assertEquals([journal, failures, fence], ["", 1, 2]);
  },
  "exchange() settles an expiry": async (stage) => {
    const delivery = await stage.pushAndClaim({ id: "m", expiresInMs: 10 });
    assertEquals(await stage.settle(expire(delivery, { result: "late" })), ["ok"]);
    const { state, result, body, finishedAtMs } = await stage.record();
    assertEquals([state, result, body, finishedAtMs], ["expired", "late", "", stage.nowMs]);
  },
  "exchange() settles a retry: due after its delay, one more failure": async (stage) => {
    const delivery = await stage.pushAndClaim();
    assertEquals(await stage.settle(retry(delivery, { delayMs: 700, journal: "j1" })), ["ok"]);
    const record = await stage.record();
    assertEquals([record.state, record.failures, record.journal], ["scheduled", 1, "j1"]);
    assertEquals([record.dueAtMs, record.body], [stage.nowMs + 700, "body"]);
    stage.advance(699);
    assertEquals(await stage.claim(), []);
    stage.advance(1);
    const { fence, failures, crashes, journal } = await stage.claimOne();
    assertEquals([fence, failures, crashes, journal], [2, 1, 0, "j1"]);
  },
  "exchange() settles a deferral: due after its delay, nothing counted": async (stage) => {
    const first = await stage.pushAndClaim();
    await stage.settle(retry(first, { journal: "j" }));
    assertEquals(await stage.settle(defer(await stage.claimOne(), { delayMs: 700 })), ["ok"]);
    const { state, failures, journal, dueAtMs } = await stage.record();
    assertEquals([state, failures, journal], ["scheduled", 1, "j"]);
    assertEquals(dueAtMs, stage.nowMs + 700);
    stage.advance(700);
    const { fence, crashes } = await stage.claimOne();
    assertEquals([fence, crashes], [3, 0]);
  },
  "exchange() settles a death: it leaves its line, body and journal stay": async (stage) => {
    const delivery = await stage.pushAndClaim();
    assertEquals(await stage.settle(bury(delivery, { journal: "j" })), ["ok"]);
    const { state, failures, journal, body, result, finishedAtMs } = await stage.record();
    assertEquals([state, failures, journal, body, result], ["dead", 1, "j", "body", ""]);
    assertEquals(finishedAtMs, stage.nowMs);
    stage.advance(LEASE_MS);
    assertEquals(await stage.claim(), []);
  },
  "exchange() counts no failure for a death without an attempt": async (stage) => {
    await stage.settle(bury(await stage.pushAndClaim(), { failed: false }));
    assertEquals((await stage.record()).failures, 0);
  },
  "exchange() keeps a dead letter for good": async (stage) => {
    await stage.settle(bury(await stage.pushAndClaim()));
    stage.advance(400 * 86_400_000);
    await stage.exchange({ trim: MAX_BATCH });
    assertEquals(await stage.states("m"), ["dead"]);
  },
  ...everySettlement("answers ok again and changes nothing", async (stage, settlement) => {
    const first = settlement(await stage.pushAndClaim({ expiresInMs: 60_000 }));
    assertEquals(await stage.settle(first), ["ok"]);
    stage.advance(1);
    const again = await stage.unchanged("m", () => stage.settle(first));
    assertEquals(again, ["ok"]);
  }),
  ...everySettlement(
    "is refused when another worker has the message",
    async (stage, settlement) => {
      const zombie = await stage.pushAndClaim();
      stage.advance(LEASE_MS);
      const owner = await stage.claimOne();
      const late = await stage.unchanged("m", () => stage.settle(settlement(zombie)));
      assertEquals(late, ["lease_lost"]);
      assertEquals(await stage.settle(succeed(owner)), ["ok"]);
      const later = await stage.unchanged("m", () => stage.settle(settlement(zombie)));
      assertEquals(later, ["lease_lost"]);
    },
  ),
  ...everySettlement("counts when the lease ran out and nobody came", async (stage, settlement) => {
    const delivery = await stage.pushAndClaim();
    stage.advance(LEASE_MS * 3);
    assertEquals(await stage.settle(settlement(delivery)), ["ok"]);
    assertEquals((await stage.record()).crashes, 0);
  }),
  ...everySettlement("is refused under a claim that never was", async (stage, settlement) => {
    const delivery = await stage.pushAndClaim();
    for (const claim of ["", "x.1", `${delivery.claim}0`]) {
      const forged = { ...settlement(delivery), claim };
      assertEquals(await stage.unchanged("m", () => stage.settle(forged)), ["lease_lost"]);
    }
    assertEquals(await stage.settle(settlement(delivery)), ["ok"]);
  }),
  ...everySettlement("is refused for a message that waits", async (stage, settlement) => {
    const delivery = await stage.pushAndClaim("held");
    await stage.push("m");
    for (const claim of [delivery.claim, ""]) {
      const forged = { ...settlement(delivery), id: "m", claim };
      assertEquals(await stage.unchanged("m", () => stage.settle(forged)), ["lease_lost"]);
    }
  }),
  ...everySettlement("is refused for an unknown message", async (stage, settlement) => {
    const forged = { ...settlement(await stage.pushAndClaim("held")), id: "m" };
    assertEquals(await stage.settle(forged), ["lease_lost"]);
    assertEquals(await stage.find("m"), undefined);
  }),
  ...everySettlement("that came after the first one's next claim is a replay", async (
    stage,
    settlement,
  ) => {
    const first = await stage.pushAndClaim();
    const sent = settlement(first);
    await stage.settle(sent);
    if (sent.outcome === "dead") await stage.broker.redrive([message("m")], "op");
    const [owner] = await stage.claim();
    assertEquals(await stage.unchanged("m", () => stage.settle(sent)), ["ok"]);
    if (owner !== undefined) assertEquals(await stage.settle(succeed(owner)), ["ok"]);
  }),
  "exchange() forgets with the outcome that it was settled": async (stage) => {
    const sent = succeed(await stage.pushAndClaim());
    await stage.settle(sent);
    stage.advance(MIN_RETAIN_MS);
    assertEquals(await stage.settle(sent), ["lease_lost"]);
  },
  "exchange() settles a message once when it is named twice": async (stage) => {
    const delivery = await stage.pushAndClaim();
    const answers = await stage.settle(
      retry(delivery, { journal: "first" }),
      succeed(delivery),
      retry(delivery, { journal: "third" }),
    );
    assertEquals(answers, ["ok", "ok", "ok"]);
    const { state, failures, journal } = await stage.record();
    assertEquals([state, failures, journal], ["ready", 1, "first"]);
  },
  "exchange() refuses a message twice when its first entry is refused": async (stage) => {
    const delivery = await stage.pushAndClaim();
    const answers = await stage.unchanged(
      "m",
      () => stage.settle({ ...succeed(delivery), claim: "x.1" }, succeed(delivery)),
    );
    assertEquals(answers, ["lease_lost", "lease_lost"]);
  },
  "exchange() answers settlements in the order asked": async (stage) => {
    await stage.push("a", "b", "c", "d", "e", "f");
    const [a, b, c, d, e, f] = await stage.claim();
    const answers = await stage.settle(
      succeed(f!),
      { ...retry(e!), claim: "x.1" },
      bury(d!),
      defer(c!),
      { ...expire(b!), id: "unknown" },
      retry(a!),
    );
    assertEquals(answers, ["ok", "lease_lost", "ok", "ok", "lease_lost", "ok"]);
    assertEquals(await stage.states("a", "b", "c", "d", "e", "f"), [
      ...["ready", "leased", "ready", "dead", "leased", "succeeded"],
    ]);
  },
  "exchange() settles over queues and lanes at once": async (stage) => {
    await stage.push(
      { id: "a", queue: "a", priority: "low" },
      { id: "b", queue: "b", priority: "high" },
      { id: "c", queue: "c" },
    );
    const queues = ["a", "b", "c"];
    const [a, b, c] = await stage.claim({ queues });
    assertEquals(await stage.settle(defer(a!), retry(b!), succeed(c!)), ["ok", "ok", "ok"]);
    const again = await stage.claim({ queues });
    assertEquals(again.map(({ id, queue, priority }) => [id, queue, priority]), [
      ["a", "a", "low"],
      ["b", "b", "high"],
    ]);
  },
  "exchange() settles MAX_BATCH messages of all outcomes": async (stage) => {
    await stage.push(...Array.from({ length: MAX_BATCH }, (_, index) => `m${index}`));
    const claimed = await stage.claim({ max: MAX_BATCH });
    const makers = Object.values(SETTLEMENTS);
    const sent = claimed.map((one, index) => makers[index % makers.length]!(one));
    assertEquals(await stage.settle(...sent), claimed.map(() => "ok"));
    const { queues, dead } = await stage.broker.stats();
    assertEquals([queues[0]?.ready, dead], [0, MAX_BATCH / makers.length]);
    assertEquals(queues[0]?.later, 2 * MAX_BATCH / makers.length);
    stage.advance(1_000);
    assertEquals(idsOf(await stage.claim()).length, 100);
  },
};
