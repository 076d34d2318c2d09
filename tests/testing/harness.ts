/** Stores in memory for the tests of brokers. */

import type { Retention } from "../../src/broker/retention.ts";
import { memoryBroker } from "../../src/testing/memory_broker.ts";
import { type ContractHarness, manualClock } from "../broker/contract/harness.ts";

/** Opens a store in memory; nobody else can look into it. */
export function openMemoryBroker(retention?: Retention): Promise<ContractHarness> {
  const clock = manualClock();
  const broker = memoryBroker({ clock: clock.now, retention });
  return Promise.resolve({
    broker,
    clock,
    leftovers: () => Promise.resolve([]),
    close: () => broker.close(),
  });
}
