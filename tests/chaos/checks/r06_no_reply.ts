import type { Broker } from "../../../src/broker/broker.ts";
import { BrokerError } from "../../../src/errors.ts";
import { type Check, randomOf, ruleOfThree } from "../check.ts";
import { type Address, openBroker } from "../jobs.ts";
import { POLLING, sleeps } from "../kill_run.ts";
import { enqueueDirectly, type Outage, outage, startBoth } from "../outages.ts";
import { Fleet } from "../processes.ts";
import { Place } from "../store.ts";

const WORKERS = 4;
const LIMIT_MS = 120_000;
/** A call has the time of two requests; what the machine adds is little. */
const callMs = (timeout: number) => 2 * timeout + 500;
const BACK_MS = 10_000;
const RED_MS = 15_000;

export const check: Check = {
  id: "R6",
  title: "requests that are never answered",
  goal:
    "every call settles within the time of two requests, none as if empty; work again within 10 s of the " +
    "end, health red within 15 s; 0 lost, 0 stuck, 0 extra starts",
  async run(scale) {
    const outages = scale.full ? [30_000, ...Array.from({ length: 20 }, () => 3_000)] : [3_000];
    const jobs = scale.full ? 10_000 : 1_500;
    const faults = { rules: [{ fault: "no-reply", probability: 0.02 }], seed: scale.seed } as const;
    const timeout = scale.full ? 5_000 : 1_000;
    await using place = await Place.open("redis", { faults, timeout });
    const worker = { concurrency: 10, lease: "60s", polling: POLLING } as const;
    await using fleet = new Fleet({ store: place.address, ledger: place.folder, worker });
    await startBoth(fleet, place, WORKERS);
    const random = randomOf(scale.seed);
    await enqueueDirectly(place, sleeps(jobs, [5, 15], random));
    await place.untilQuiet(LIMIT_MS);
    scale.say(`1 in 50 swallowed: ${place.faulty!.counts.size === 0 ? "none" : "through"}`);
    const [known] = await place.knownIds();
    const own = { ...place.address, client: "restClient" } as Address;
    const brokers = [place.broker, openBroker(own)];
    const came: Outage[] = [];
    const calls = { slowestMs: 0, empty: 0, failed: 0 };
    for (const ms of outages) {
      await enqueueDirectly(place, sleeps(50, [5, 15], random));
      const asking = Promise.all(brokers.map((broker) => ask(broker, known!, calls)));
      came.push(await outage(place, { rules: [{ fault: "no-reply" }], ms }));
      await asking;
      await place.untilQuiet(LIMIT_MS);
    }
    await place.faulty!.settle();
    const { lost, stuck, extra, stale, findings, acknowledged } = await place.reckon();
    const backMs = Math.max(...came.map((one) => one.backMs));
    const redMs = Math.max(...came.map((one) => one.redMs));
    const figure = `${came.length} outages of up to ${Math.max(...outages) / 1_000} s: at work ` +
      `again after at most ${backMs} ms, health red after at most ${redMs} ms, slowest call ` +
      `${calls.slowestMs} ms (a request has ${timeout} ms), ${calls.failed} calls failed, ${calls.empty} answered as if empty; ` +
      `with 1 in 50 swallowed, too: ${lost.length} lost, ${stuck.length} stuck, ${extra.length} ` +
      `extra starts of ${acknowledged}, ${findings} findings (${ruleOfThree(acknowledged)})`;
    const wrong = lost.length + stuck.length + extra.length + stale.length + findings;
    const met = wrong === 0 && calls.empty === 0 && calls.slowestMs <= callMs(timeout) &&
      backMs <= BACK_MS && redMs <= RED_MS;
    return { figure, met };
  },
};

/** Asks for a message that is there, while nothing is answered. */
async function ask(
  broker: Broker,
  known: string,
  calls: { slowestMs: number; empty: number; failed: number },
): Promise<void> {
  const begunAt = performance.now();
  try {
    const [record] = await broker.read([known]);
    if (record === undefined) calls.empty++;
  } catch (error) {
    if (!(error instanceof BrokerError && error.retryable)) throw error;
    calls.failed++;
  }
  calls.slowestMs = Math.max(calls.slowestMs, Math.round(performance.now() - begunAt));
}
