/** What calls cost where Redis is paid for by the command: the script, and each command in it. */

import { PRIORITIES } from "../broker.ts";
import type { BrokerCosts } from "../costs.ts";

/** Gives the counts; tests compare each of them with what Redis has counted. */
export function redisCosts(
  { probes, keyLocking }: { readonly probes: boolean; readonly keyLocking: boolean },
): BrokerCosts {
  return {
    push: 5,
    call: 1,
    probe: probes ? 1 : 2,
    look: 4,
    claim: 7,
    settle: 7,
    settleAndClaim: 9,
    read: 3,
    outcome: probes ? 1 : 3,
    tidy: 5,
    sweep: (queues) => 6 + PRIORITIES.length * queues,
    locks: keyLocking
      ? "each call locks the keys of its namespace for as long as its script runs"
      : "each call is one script: Redis runs nothing beside it, and Upstash locks the whole " +
        "database; redisBroker({ keyLocking: true }) has it lock the keys of the namespace only",
  };
}
