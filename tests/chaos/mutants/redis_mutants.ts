/** Guards of the Redis broker. The tests that pin the scripts' hashes are left out: any change trips them. */

import type { Mutant } from "./mutant.ts";

const CONTRACT = "tests/broker/redis/contract_test.ts";
const SETTLE = "src/broker/redis/scripts/exchange_settle.ts";
const CLAIM = "src/broker/redis/scripts/exchange_claim.ts";
const PUSH = "src/broker/redis/scripts/push.ts";
const RUNNER = "src/broker/redis/runner.ts";

/** One guard each. */
export const redisMutants: readonly Mutant[] = [
  {
    guard: "a suspect that has not begun is not to blame",
    file: "src/broker/redis/scripts/exchange_claim.ts",
    find: `>= SUSPECT_CRASHES and "p" or "h"`,
    put: `>= SUSPECT_CRASHES and "h" or "h"`,
    tests: ["tests/broker/redis/contract_test.ts"],
  },
  {
    guard: "a settlement proves its claim",
    file: SETTLE,
    find: "if not answer and isHeld(hold, head.claim) then",
    put: "if not answer and hold then",
    tests: [CONTRACT],
  },
  {
    guard: "a renewal proves its claim",
    file: SETTLE,
    find: 'answers[i] = isHeld(hold, claim) and "o" or "l"',
    put: 'answers[i] = hold and "o" or "l"',
    tests: [CONTRACT],
  },
  {
    guard: "a settlement that comes again is ok again",
    file: SETTLE,
    find: 'answer = before == head.claim and "o" or "l"',
    put: 'answer = "l"',
    tests: [CONTRACT],
  },
  {
    guard: "a settlement without a claim is never ok",
    file: SETTLE,
    find: 'answer = before == head.claim and "o" or "l"',
    put: 'answer = "o"',
    tests: [CONTRACT],
  },
  {
    guard: "a claim that comes late takes nothing",
    file: CLAIM,
    find: "if slot.seq > seq then return {}, {} end",
    put: "",
    tests: [CONTRACT],
  },
  {
    guard: "a claim that comes again gets the same batch",
    file: CLAIM,
    find: "if slot.seq == seq then",
    put: "if false then",
    tests: [CONTRACT],
  },
  {
    guard: "a settlement that comes again is answered as it was",
    file: "src/broker/redis/scripts/exchange.ts",
    find: "if slot.seq == seq and #slot.settled == #settled then settled = slot.settled end",
    put: "",
    tests: [CONTRACT],
  },
  {
    guard: "what a channel got is remembered",
    file: CLAIM,
    find: "if not remembered or slot.seq > seq then return end",
    put: "do return end",
    tests: [CONTRACT],
  },
  {
    guard: "a lease that ran out counts as a crash",
    file: CLAIM,
    find: "hold[CRASHES] = hold[CRASHES] + 1",
    put: "",
    tests: [CONTRACT],
  },
  {
    guard: "the fence grows with each delivery",
    file: CLAIM,
    find: "hold[FENCE] = hold[FENCE] + 1",
    put: "",
    tests: [CONTRACT],
  },
  {
    guard: "an id is taken once",
    file: PUSH,
    find: "if before then return before == head.nonce, id end",
    put: "",
    tests: [CONTRACT],
  },
  {
    guard: "the nonce tells a replay from a second use of an id",
    file: PUSH,
    find: "if before then return before == head.nonce, id end",
    put: "if before then return true, id end",
    tests: [CONTRACT],
  },
  {
    guard: "a dedupe key lets one message through",
    file: PUSH,
    find: "if holder and (counts[holder] or added[holder]) then return false, holder end",
    put: "",
    tests: [CONTRACT],
  },
  {
    guard: "a push begins with a write that allocates",
    file: PUSH,
    find: 'for line = 1, #due do send("ZADD", due[line], entries[line]) end',
    put:
      'redis.call("ZREM", exp, "/") for line = 1, #due do send("ZADD", due[line], entries[line]) end',
    tests: ["tests/broker/redis/full_test.ts"],
  },
  {
    guard: "a full Redis still takes outcomes",
    file: RUNNER,
    find: 'if (script.access !== "release" || !isFull(error)) throw error;',
    put: "throw error;",
    tests: ["tests/broker/redis/full_test.ts"],
  },
  {
    guard: "a script that Redis has forgotten is sent in full",
    file: RUNNER,
    find: "if (!isNoScript(error)) throw error;",
    put: "throw error;",
    tests: ["tests/broker/redis/script_cache_test.ts"],
  },
  {
    guard: "only the server's clock counts",
    file: RUNNER,
    find: 'clock: clock ? String(Math.floor(clock())) : ""',
    put: "clock: String(Math.floor((clock ?? Date.now)()))",
    tests: ["tests/broker/redis/server_clock_test.ts"],
  },
  {
    guard: "a reply names the script that it is of",
    file: RUNNER,
    find: "if (name !== script.name) throw",
    put: "if (false) throw",
    tests: ["tests/broker/redis/lost_reply_test.ts", "tests/broker/redis/outage_test.ts"],
  },
  {
    guard: "a newer layout is refused",
    file: RUNNER,
    find: 'if (name === "layout") {',
    put: "if (false) {",
    tests: ["tests/broker/redis/layout_test.ts"],
  },
  {
    guard: "a call that failed on the way is made again",
    file: RUNNER,
    find: "if (!again || failures >= retries) throw error;",
    put: "throw error;",
    tests: ["tests/broker/redis/lost_reply_test.ts", "tests/broker/redis/outage_test.ts"],
  },
  {
    guard: "a cancel that comes again answers the same",
    file: "src/broker/redis/scripts/cancel.ts",
    find: 'by == op and "c" or "f"',
    put: '"f"',
    tests: [CONTRACT],
  },
  {
    guard: "a redrive that comes again answers the same",
    file: "src/broker/redis/scripts/redrive.ts",
    find: 'if redriven[id] or hold[REDRIVEN] == op then return "r" end',
    put: "",
    tests: [CONTRACT],
  },
  {
    guard: "an outcome is kept for ten minutes at least",
    file: "src/broker/redis/scripts/prelude.ts",
    find: "math.max(retainMs, MIN_RETAIN_MS)",
    put: "retainMs",
    tests: [CONTRACT],
  },
  {
    guard: "the client sends nothing twice by itself",
    file: "src/broker/redis/client.ts",
    find: "retry: { retries: 0 },",
    put: "",
    tests: ["tests/broker/redis/clients_test.ts", "tests/broker/redis/outage_test.ts"],
  },
  {
    guard: "the client leaves what it reads as it is",
    file: "src/broker/redis/client.ts",
    find: "automaticDeserialization: false,",
    put: "",
    tests: ["tests/broker/redis/clients_test.ts"],
  },
  {
    guard: "a call has a deadline",
    file: "src/broker/redis/client.ts",
    find: "signal: () => AbortSignal.timeout(timeoutMs),",
    put: "",
    tests: ["tests/broker/redis/clients_test.ts", "tests/broker/redis/outage_test.ts"],
  },
  {
    guard: "a push that is to be confirmed counts replicas",
    file: "src/broker/redis/confirm.ts",
    find: "if (Number(reached) >= replicas) return reply;",
    put: "return reply;",
    tests: ["tests/broker/redis/confirm_test.ts"],
  },
  {
    guard: "the doctor sees that Redis keeps nothing",
    file: "src/broker/redis/doctor.ts",
    find: 'case "1":',
    put: 'case "1": case "0":',
    tests: ["tests/broker/redis/doctor_test.ts"],
  },
];
