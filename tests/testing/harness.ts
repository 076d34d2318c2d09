/** Stores in memory for the tests of brokers. */

import { memoryBroker } from "../../src/testing/memory_broker.ts";
import {
  type ContractHarness,
  type HarnessBounds,
  manualClock,
} from "../broker/contract/harness.ts";

/** Opens a store in memory; nobody else can look into it. */
export function openMemoryBroker(bounds?: HarnessBounds): Promise<ContractHarness> {
  const clock = manualClock();
  const broker = memoryBroker({ clock: clock.now, ...bounds });
  return Promise.resolve({
    broker,
    clock,
    leftovers: () => Promise.resolve([]),
    close: () => broker.close(),
  });
}
