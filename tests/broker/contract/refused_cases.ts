import { assertEquals } from "@std/assert";
import type { Delivery } from "../../../src/broker/broker.ts";
import { bury, expire, message, renewal, succeed, target } from "./messages.ts";
import { type Cases, LEASE_MS, type Stage } from "./stage.ts";

const OP = { id: "other-op", retainMs: 0 };

/** Brings message `m` to a state; the delivery under which it got there, if there was one. */
const ARRIVALS: Readonly<Record<string, (stage: Stage) => Promise<Delivery | undefined>>> = {
  scheduled: async (stage) => {
    await stage.push({ id: "m", delayMs: 3_600_000 });
    return undefined;
  },
  ready: async (stage) => {
    await stage.push("m");
    return undefined;
  },
  leased: (stage) => stage.pushAndClaim(),
  succeeded: (stage) => arrive(stage, (delivery) => stage.settle(succeed(delivery))),
  dead: (stage) => arrive(stage, (delivery) => stage.settle(bury(delivery))),
  expired: (stage) => arrive(stage, (delivery) => stage.settle(expire(delivery))),
  cancelled: (stage) =>
    arrive(stage, () => stage.broker.cancel([target()], { id: "op", retainMs: 0 })),
  discarded: (stage) =>
    arrive(stage, async (delivery) => {
      await stage.settle(bury(delivery));
      await stage.broker.discard([target()], { id: "op", retainMs: 0 });
    }),
};

async function arrive(
  stage: Stage,
  end: (delivery: Delivery) => Promise<unknown>,
): Promise<Delivery> {
  const delivery = await stage.pushAndClaim();
  await end(delivery);
  return delivery;
}

const LIVE: readonly string[] = ["scheduled", "ready", "leased"];
const FINAL: readonly string[] = ["succeeded", "dead", "expired", "cancelled", "discarded"];

/** Every arrow that the diagram of states does not have. */
export const refusedCases: Cases = {
  ...fromEach(["scheduled", "leased", ...FINAL], "cannot be claimed", async (stage) => {
    assertEquals(await stage.claim(), []);
  }),
  ...fromEach(FINAL, "cannot be claimed when the lease would have run out", async (stage) => {
    assertEquals(await stage.claim(), []);
  }, LEASE_MS),
  ...fromEach(FINAL, "cannot be cancelled", async (stage) => {
    assertEquals(await stage.broker.cancel([target()], OP), ["final"]);
  }),
  ...fromEach(FINAL, "cannot be renewed", async (stage, delivery) => {
    assertEquals(await stage.extend(renewal(delivery!, "late")), ["lease_lost"]);
  }),
  ...fromEach(["cancelled"], "cannot be settled by the worker that had it", async (
    stage,
    delivery,
  ) => {
    assertEquals(await stage.settle(succeed(delivery!)), ["lease_lost"]);
  }),
  ...fromEach(notDead(), "cannot be redriven", async (stage) => {
    assertEquals(await stage.broker.redrive([message("m")], OP.id), ["not_dead"]);
  }),
  ...fromEach(notDead(), "cannot be discarded", async (stage) => {
    assertEquals(await stage.broker.discard([target()], OP), ["not_dead"]);
  }),
};

function notDead(): string[] {
  return [...LIVE, ...FINAL].filter((state) => state !== "dead");
}

/** Makes a test for each state in which an act must change nothing. */
function fromEach(
  states: readonly string[],
  behaviour: string,
  act: (stage: Stage, delivery: Delivery | undefined) => Promise<void>,
  afterMs = 0,
): Cases {
  return Object.fromEntries(states.map((state) => [
    `a ${state} message ${behaviour}`,
    async (stage: Stage) => {
      const delivery = await ARRIVALS[state]!(stage);
      stage.advance(afterMs);
      await stage.unchanged("m", () => act(stage, delivery));
    },
  ]));
}
