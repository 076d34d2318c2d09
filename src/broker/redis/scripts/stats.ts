/** Counts what stands in lines, and the dead letters. */

import { defineScript, type Script } from "../script.ts";
import { CLOCK, DEADS_FIELD, readDeads } from "./prelude.ts";

/** What stands in one line; the instant is undefined when nothing is due. */
export interface LineCount {
  readonly ready: number;
  readonly total: number;
  readonly oldestReadyAtMs: number | undefined;
}

/** Is what a run counted. */
export interface Counted {
  readonly nowMs: number;
  readonly dead: number;
  readonly deadBytes: number;
  readonly lines: readonly LineCount[];
}

/** Counts the lines given; it looks at each of them, so it is not for a loop. */
export const statsScript: Script<Record<never, never>, Counted> = defineScript({
  name: "stats",
  keys: ["version", "msg", "dead"],
  args: {},
  access: "read",
  body: `
${CLOCK}
${readDeads('redis.call("HMGET", msg, "' + DEADS_FIELD + '")[1]')}
local reply = { "=stats", nowMs, redis.call("ZCARD", dead), integer(deadBytes), #due }
for i = 1, #due do
  local first = tonumber(redis.call("ZRANGE", due[i], 0, 0, "WITHSCORES")[2])
  local total = first and redis.call("ZCARD", due[i]) or 0
  local ready, oldest = 0, ""
  if first and first < dueBelow then
    ready = redis.call("ZCOUNT", due[i], "-inf", "(" .. integer(dueBelow))
    oldest = math.floor(first / 1000)
  end
  reply[3 * i + 3], reply[3 * i + 4], reply[3 * i + 5] = ready, total, oldest
end
return reply`,
  decode: (reply) => {
    const nowMs = reply.number();
    const dead = reply.number();
    const deadBytes = reply.number();
    const lines = Array.from({ length: reply.number() }, (): LineCount => ({
      ready: reply.number(),
      total: reply.number(),
      oldestReadyAtMs: reply.maybe(),
    }));
    return { nowMs, dead, deadBytes, lines };
  },
});
