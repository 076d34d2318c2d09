/** Guards of the worker, the gateway and the routes. */

import type { Mutant } from "./mutant.ts";

/** One guard each. */
export const workerMutants: readonly Mutant[] = [
  {
    guard: "a request that is sent again keeps its number",
    file: "src/worker/channel.ts",
    find: "this.#persist(() => this.#broker.exchange(request), patience)",
    put: "this.#persist(() => this.#broker.exchange({ ...request, seq: ++this.#seq }), patience)",
    tests: ["tests/worker/lost_reply_test.ts"],
  },
  {
    guard: "what was claimed longer ago than the lease is not begun",
    file: "src/worker/pump.ts",
    find: "now - sentAt > this.#settings.leaseMs",
    put: "false",
    tests: ["tests/worker/lease_test.ts", "tests/worker/outage_test.ts"],
  },
  {
    guard: "a handler that lost its lease is aborted",
    file: "src/worker/heartbeat.ts",
    find: "run.abort(new LeaseLostError(run.delivery.id, run.delivery.fence));",
    put: "",
    tests: ["tests/worker/lease_test.ts"],
  },
  {
    guard: "poison is buried",
    file: "src/worker/executor.ts",
    find: "if (run.delivery.crashes < maxCrashes) return undefined;",
    put: "return undefined;",
    tests: ["tests/worker/planted_test.ts"],
  },
  {
    guard: "a drain begins nothing that may not end in time",
    file: "src/worker/executor.ts",
    find: "if (timeoutMs <= leftMs) return undefined;",
    put: "return undefined;",
    tests: ["tests/worker/drain_test.ts"],
  },
  {
    guard: "what is too late is handed back",
    file: "src/worker/executor.ts",
    find: 'if (moment.tooLate) return { kind: "released" };',
    put: "",
    tests: ["tests/worker/stop_test.ts", "tests/worker/lease_test.ts"],
  },
  {
    guard: "a message keeps the backoff that it was enqueued with",
    file: "src/worker/executor.ts",
    find: "plan: envelope.backoff",
    put: "plan: definition.settings.backoff",
    tests: ["tests/worker/outcomes_test.ts", "tests/worker/attempt_test.ts"],
  },
  {
    guard: "a failure that may pass does not end the worker",
    file: "src/worker/channel.ts",
    find: "if (!isOutage(error)) throw error;",
    put: "throw error;",
    tests: ["tests/worker/outage_test.ts"],
  },
  {
    guard: "a suspect begins only when nothing else runs",
    file: "src/worker/flight.ts",
    find: "solo.taken && heartbeat.size === 1 &&",
    put: "solo.taken &&",
    tests: ["tests/worker/suspect_test.ts"],
  },
  {
    guard: "a suspect begins only when the store knows of what has ended",
    file: "src/worker/flight.ts",
    find: "&& settler.size === 0 && airborne === 0;",
    put: ";",
    tests: ["tests/worker/suspect_test.ts"],
  },
  {
    guard: "nothing is taken while a suspect is here",
    file: "src/worker/pump.ts",
    find: "this.#stores.solo.taken ||",
    put: "",
    tests: ["tests/worker/suspect_test.ts"],
  },
  {
    guard: "the store is told that a suspect begins",
    file: "src/worker/heartbeat.ts",
    find: "...(run.begins ? { begins: true } : {}),",
    put: "",
    tests: ["tests/worker/suspect_test.ts"],
  },
  {
    guard: "one suspect at a time",
    file: "src/worker/solo.ts",
    find: "if (this.#run !== undefined) return undefined;",
    put: "",
    tests: ["tests/worker/suspect_test.ts"],
  },
  {
    guard: "the gateway compares the token",
    file: "src/gateway/auth.ts",
    find: 'if (timingSafeEqual(hash, full)) return "full";',
    put: 'return "full";',
    tests: ["tests/gateway/auth_test.ts"],
  },
  {
    guard: "the routes compare the secret",
    file: "src/hono/secret.ts",
    find: "return open === 1;",
    put: "return true;",
    tests: ["tests/hono/secret_test.ts"],
  },
];
