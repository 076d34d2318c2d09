import { assertEquals } from "@std/assert";
import { type Delivery, SUSPECT_CRASHES } from "../../../src/broker/broker.ts";
import { defer, renewal, retry, succeed } from "./messages.ts";
import { type Cases, LEASE_MS, type Stage } from "./stage.ts";

/** Handing suspects over parked: until their handler begins, nothing that happens is their doing. */
export const parkedCases: Cases = {
  "exchange() counts crashes until a message is a suspect": async (stage) => {
    const suspect = await claimSuspect(stage);
    assertEquals([suspect.crashes, suspect.crashedWorker], [SUSPECT_CRASHES, "w"]);
  },
  "exchange() counts no crash of a suspect that has not begun": async (stage) => {
    const parked = await claimSuspect(stage);
    await stage.extend(renewal(parked));
    const { crashes, crashedWorker, fence } = await again(stage);
    assertEquals([crashes, crashedWorker, fence], [SUSPECT_CRASHES, "", parked.fence + 1]);
  },
  "exchange() counts a crash of a suspect that has begun": async (stage) => {
    const parked = await claimSuspect(stage);
    assertEquals(await stage.extend({ ...renewal(parked), begins: true }), ["ok"]);
    await stage.extend(renewal(parked));
    const { crashes, crashedWorker } = await again(stage);
    assertEquals([crashes, crashedWorker], [SUSPECT_CRASHES + 1, "w"]);
  },
  "exchange() parks a suspect with each delivery anew": async (stage) => {
    const parked = await claimSuspect(stage);
    await stage.extend({ ...renewal(parked), begins: true });
    await again(stage);
    assertEquals((await again(stage)).crashes, SUSPECT_CRASHES + 1);
  },
  "exchange() that says twice that a suspect begins answers the same": async (stage) => {
    const parked = await claimSuspect(stage);
    const begins = () => stage.extend({ ...renewal(parked), begins: true });
    assertEquals(await begins(), ["ok"]);
    assertEquals(await stage.unchanged("m", begins), ["ok"]);
    assertEquals((await again(stage)).crashes, SUSPECT_CRASHES + 1);
  },
  "exchange() refuses to begin what another worker has": async (stage) => {
    const zombie = await claimSuspect(stage);
    await again(stage);
    const late = () => stage.extend({ ...renewal(zombie), begins: true });
    assertEquals(await stage.unchanged("m", late), ["lease_lost"]);
    assertEquals((await again(stage)).crashes, SUSPECT_CRASHES);
  },
  "exchange() shows a parked message as leased, and settles it": async (stage) => {
    const parked = await claimSuspect(stage);
    assertEquals(await stage.states("m"), ["leased"]);
    assertEquals(await stage.settle(succeed(parked)), ["ok"]);
    assertEquals(await stage.states("m"), ["succeeded"]);
  },
  "exchange() takes a parked message back with nothing counted": async (stage) => {
    assertEquals(await stage.settle(defer(await claimSuspect(stage))), ["ok"]);
    const { crashes, failures, crashedWorker } = await stage.claimOne();
    assertEquals([crashes, failures, crashedWorker], [SUSPECT_CRASHES, 0, ""]);
  },
  "exchange() keeps a suspect a suspect over its retries": async (stage) => {
    const parked = await claimSuspect(stage);
    await stage.extend({ ...renewal(parked), begins: true });
    await stage.settle(retry(parked));
    await stage.claimOne();
    assertEquals((await again(stage)).crashes, SUSPECT_CRASHES);
  },
  "exchange() sent twice hands a suspect over once, parked": async (stage) => {
    await makeSuspect(stage);
    const request = {
      channel: "suspects",
      seq: 1,
      claim: { queues: ["q"], max: 1 },
    };
    const once = await stage.exchange(request);
    const twice = await stage.unchanged("m", () => stage.exchange(request));
    assertEquals(twice.claimed, once.claimed);
    assertEquals((await again(stage)).crashes, SUSPECT_CRASHES);
  },
  "redrive() clears a suspect of its crashes": async (stage) => {
    const parked = await claimSuspect(stage);
    await stage.settle({ ...defer(parked), outcome: "dead", journal: "", failed: false });
    await stage.broker.redrive([parked], "op");
    await stage.claimOne();
    // Not parked: its lease runs out, and that counts.
    assertEquals((await again(stage)).crashes, 1);
  },
};

/** Lets leases of the message "m" run out until it is a suspect, and due. */
async function makeSuspect(stage: Stage): Promise<void> {
  await stage.push("m");
  for (let i = 0; i < SUSPECT_CRASHES; i++) {
    await stage.claimOne();
    stage.advance(LEASE_MS);
  }
}

async function claimSuspect(stage: Stage): Promise<Delivery> {
  await makeSuspect(stage);
  return await stage.claimOne();
}

/** Claims the message once more, when its lease has run out. */
async function again(stage: Stage): Promise<Delivery> {
  stage.advance(LEASE_MS);
  return await stage.claimOne();
}
