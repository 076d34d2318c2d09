/** The part of the exchange that keeps the dead letters within their bounds, and says when they fill up. */

import { NEARLY_FULL } from "../../dead_bounds.ts";
import { LEAST_RETAIN_MS } from "../../retention.ts";
import { DEADS, DEADS_FIELD } from "./prelude.ts";

/** What one read may bring into Lua, as far as can be told. */
export const MOST_READ = 1_000_000;

const IS_BEYOND = "(deadCount > mostDead or deadBytes > mostDeadBytes)";
const BOUNDS = `
local mostDead, mostDeadBytes = string.match(bounds, "(%S+) (%S+)$")
mostDead, mostDeadBytes = tonumber(mostDead), tonumber(mostDeadBytes)`;
/** Words whether so many dead letters, of so many bytes, are nearly as many as may be. */
function isNear(count: string, bytes: string): string {
  return `(${count} > 0 and
    (${count} >= ${NEARLY_FULL} * mostDead or ${bytes} >= ${NEARLY_FULL} * mostDeadBytes))`;
}

/**
 * Decides, before anything is settled, which letters are `dropped`, and `dropMs`, when there is more to
 * drop. A request that has come again is answered what it was answered, and drops nothing anew.
 */
export const DROP_DEAD = `
if slot.seq == seq then
  dropMs = tonumber(string.match(slot.told, "@(%d+)"))
elseif trim > 0 and slot.seq < seq then
  ${BOUNDS}
  if ${IS_BEYOND} then
    unburied = {}
    ${DEADS}
    -- The oldest: as many as are too many, or as one read may bring.
    deadCount = redis.call("ZCARD", dead)
    local most = math.min(trim, math.floor(${MOST_READ} / (deadBytes / math.max(deadCount, 1) + 1)))
    if deadBytes <= mostDeadBytes then most = math.min(most, deadCount - mostDead) end
    local ids, wanted = redis.call("ZRANGE", dead, 0, math.max(most, 1) - 1), {}
    for i = 1, #ids do wanted[i] = ids[i] .. "!" end
    local found = fetch(msg, wanted)
    for i = 1, #ids do
      if not ${IS_BEYOND} then break end
      local hold = open(found[i])
      -- What stands here and is not dead is taken off the list, as a check would do it.
      if not hold or hold[STATE] ~= "d" then
        deadCount = deadCount - 1
      elseif hold[DUE] + ${LEAST_RETAIN_MS} > nowMs then
        dropMs = hold[DUE] + ${LEAST_RETAIN_MS}
        break
      else
        undie(hold)
        -- It is gone for whoever settles it in this request, too.
        if at[ids[i]] then holds[at[ids[i]]] = nil end
        dropped[#dropped + 1] = ids[i]
      end
      unburied[#unburied + 1] = ids[i]
    end
    if not dropMs and ${IS_BEYOND} then dropMs = nowMs end
  end
end`;

/** Counts the letters anew, as a repair may have put some on the list or taken some off; sets `told`. */
export const TELL_DEAD = `
if deaths or unburied or dropMs then
  ${DEADS}${BOUNDS}
  deaths, unburied = deaths or {}, unburied or {}
  if deaths[1] or unburied[1] then
    deadCount = redis.call("ZCARD", dead) - #unburied + #deaths
    put(fields, "${DEADS_FIELD}", deads())
  end
  local fills = not ${isNear("deadBefore", "bytesBefore")} and ${isNear("deadCount", "deadBytes")}
  if fills or dropMs or dropped[1] then
    local stock = fills and string.gsub(deads(), " ", ",") or ""
    local more = dropMs and "@" .. integer(dropMs) or ""
    told = table.concat({ "/" .. stock .. more, unpack(dropped) }, " ")
  end
end`;

/** Puts them on the list. Each score is higher than the one before, so that pages can be told by it. */
export const BURY = `
if deaths and deaths[1] then
  local last = redis.call("ZRANGE", dead, 0, 0, "REV", "WITHSCORES")[2]
  local first = math.max(nowMs * 1000 + (micro or 0), last and last + 1 or 0)
  local scored = {}
  for i = 1, #deaths do put(scored, integer(first + i - 1), deaths[i]) end
  send("ZADD", dead, scored)
end`;

/** Takes those that are dropped off it. */
export const UNBURY = `
if unburied and unburied[1] then
  send("ZREM", dead, unburied)
  local letters = {}
  for i = 1, #dropped do
    put(letters, dropped[i], dropped[i] .. "!")
    letters[#letters + 1] = dropped[i] .. "%"
  end
  if #letters > 0 then send("HDEL", msg, letters) end
end`;
