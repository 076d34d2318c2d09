import { assertEquals } from "@std/assert";
import { MAX_BATCH } from "../../../src/broker/broker.ts";
import { renewal, retry, succeed } from "./messages.ts";
import { type Cases, LEASE_MS } from "./stage.ts";

/** Renewing leases, and the progress that travels with it. */
export const extendCases: Cases = {
  "exchange() renews a lease from now": async (stage) => {
    const delivery = await stage.pushAndClaim();
    stage.advance(LEASE_MS - 1);
    assertEquals(await stage.extend(renewal(delivery)), ["ok"]);
    assertEquals((await stage.record()).dueAtMs, stage.nowMs + LEASE_MS);
    stage.advance(LEASE_MS - 1);
    assertEquals(await stage.claim(), []);
    assertEquals(await stage.settle(succeed(delivery)), ["ok"]);
  },
  "exchange() renews by the request's lease, not the claim's": async (stage) => {
    const delivery = await stage.pushAndClaim();
    await stage.exchange({ leaseMs: 500, extend: [renewal(delivery)] });
    assertEquals((await stage.record()).dueAtMs, stage.nowMs + 500);
  },
  "exchange() renews without counting": async (stage) => {
    const delivery = await stage.pushAndClaim();
    await stage.extend(renewal(delivery));
    const { fence, failures, crashes, state, worker } = await stage.record();
    assertEquals([fence, failures, crashes, state, worker], [1, 0, 0, "leased", "w"]);
  },
  "exchange() sent twice renews and answers the same": async (stage) => {
    const delivery = await stage.pushAndClaim();
    const once = await stage.extend(renewal(delivery, "p"));
    const twice = await stage.unchanged("m", () => stage.extend(renewal(delivery, "p")));
    assertEquals([once, twice], [["ok"], ["ok"]]);
  },
  "exchange() renews a lease that ran out while nobody came": async (stage) => {
    const delivery = await stage.pushAndClaim();
    stage.advance(LEASE_MS * 2);
    assertEquals(await stage.states("m"), ["ready"]);
    assertEquals(await stage.extend(renewal(delivery)), ["ok"]);
    assertEquals(await stage.states("m"), ["leased"]);
    assertEquals(await stage.claim(), []);
  },
  "exchange() writes progress, and keeps it where none is given": async (stage) => {
    const delivery = await stage.pushAndClaim();
    await stage.extend(renewal(delivery, "10 %"));
    assertEquals((await stage.record()).progress, "10 %");
    await stage.extend(renewal(delivery));
    assertEquals((await stage.record()).progress, "10 %");
    await stage.extend(renewal(delivery, ""));
    assertEquals((await stage.record()).progress, "");
  },
  "exchange() refuses to renew what another worker has": async (stage) => {
    const zombie = await stage.pushAndClaim();
    stage.advance(LEASE_MS);
    const owner = await stage.claimOne();
    stage.advance(10);
    for (const progress of [undefined, "zombie"]) {
      const late = await stage.unchanged("m", () => stage.extend(renewal(zombie, progress)));
      assertEquals(late, ["lease_lost"]);
    }
    assertEquals(await stage.extend(renewal(owner, "owner")), ["ok"]);
    assertEquals((await stage.record()).progress, "owner");
  },
  "exchange() refuses to renew what was settled": async (stage) => {
    await stage.push("a", "b");
    const [a, b] = await stage.claim();
    await stage.settle(succeed(a!), retry(b!, { delayMs: 900 }));
    for (const delivery of [a!, b!]) {
      const late = await stage.unchanged(
        delivery.id,
        () => stage.extend(renewal(delivery, "late")),
      );
      assertEquals(late, ["lease_lost"]);
    }
  },
  "exchange() refuses to renew what waits or is unknown": async (stage) => {
    const delivery = await stage.pushAndClaim("held");
    await stage.push("m");
    for (const claim of [delivery.claim, ""]) {
      const forged = { ...renewal(delivery, "forged"), claim };
      assertEquals(
        await stage.extend({ ...forged, id: "m" }, { ...forged, id: "unknown" }),
        ["lease_lost", "lease_lost"],
      );
    }
    assertEquals((await stage.record()).progress, "");
    assertEquals((await stage.claim()).length, 1);
  },
  "exchange() answers renewals in the order asked": async (stage) => {
    await stage.push("a", "b", "c");
    const [a, b, c] = await stage.claim();
    await stage.settle(succeed(b!));
    const answers = await stage.extend(renewal(c!), renewal(b!), renewal(a!));
    assertEquals(answers, ["ok", "lease_lost", "ok"]);
  },
  "exchange() renews MAX_BATCH leases with progress": async (stage) => {
    const ids = Array.from({ length: MAX_BATCH }, (_, index) => `m${index}`);
    await stage.push(...ids);
    const claimed = await stage.claim({ max: MAX_BATCH });
    stage.advance(1);
    const answers = await stage.extend(...claimed.map((one) => renewal(one, `p-${one.id}`)));
    assertEquals(answers, ids.map(() => "ok"));
    const records = await stage.broker.read(ids);
    assertEquals(records.map((record) => record?.progress), ids.map((id) => `p-${id}`));
    assertEquals(records[0]?.dueAtMs, stage.nowMs + LEASE_MS);
  },
};
