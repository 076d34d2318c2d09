/** The part of the exchange that keeps the dead letters within their bounds, and says when they fill up. */

import { NEARLY_FULL } from "../../dead_bounds.ts";
import { LEAST_RETAIN_MS } from "../../retention.ts";

/**
 * `dropDead` decides, before anything is settled, which letters are dropped, and gives when there is more
 * to drop; `countDead` counts what this request buries; `unburyAll` writes.
 */
export const DEAD = `
local LEAST_RETAIN_MS = ${LEAST_RETAIN_MS}
-- What one read may bring into Lua, as far as can be told.
local MOST_READ = 1000000
local unburied, dropped = {}, {}
local function isBeyond() return deadCount > mostDead or deadBytes > mostDeadBytes end
local function isNear()
  return deadCount > 0 and
    (deadCount >= ${NEARLY_FULL} * mostDead or deadBytes >= ${NEARLY_FULL} * mostDeadBytes)
end

-- Reads the oldest: as many as are too many, or as one read may bring.
local function readOldest()
  deadCount = redis.call("ZCARD", dead)
  local most = math.min(trim, math.floor(MOST_READ / (deadBytes / math.max(deadCount, 1) + 1)))
  if deadBytes <= mostDeadBytes then most = math.min(most, deadCount - mostDead) end
  local ids, wanted = redis.call("ZRANGE", dead, 0, math.max(most, 1) - 1), {}
  for i = 1, #ids do wanted[i] = ids[i] .. "!" end
  return ids, fetch(msg, wanted)
end

local function dropDead(slot)
  -- A request that has come again is answered what it was answered, and drops nothing anew.
  if slot.seq == seq then return tonumber(string.match(slot.told, "@(%d+)")) end
  if trim == 0 or slot.seq > seq or not isBeyond() then return end
  local ids, found = readOldest()
  for i = 1, #ids do
    if not isBeyond() then return end
    local hold = open(found[i])
    -- What stands here and is not dead is taken off the list, as a check would do it.
    if not hold or hold[STATE] ~= "d" then
      deadCount = deadCount - 1
    elseif hold[DUE] + LEAST_RETAIN_MS > nowMs then
      return hold[DUE] + LEAST_RETAIN_MS
    else
      undie(hold)
      -- It is gone for whoever settles it in this request, too.
      holds[ids[i]] = nil
      dropped[#dropped + 1] = ids[i]
    end
    unburied[#unburied + 1] = ids[i]
  end
  return isBeyond() and nowMs or nil
end

-- Counted anew: a repair may have put letters on the list, or taken some off.
local function countDead()
  if #deaths == 0 and #unburied == 0 then return end
  deadCount = redis.call("ZCARD", dead) - #unburied + #deaths
  put(fields, DEADS, deads())
end

local function tellDead(wasNear, dropMs)
  local fills = not wasNear and isNear()
  if not fills and not dropMs and #dropped == 0 then return "" end
  local stock = fills and string.gsub(deads(), " ", ",") or ""
  local more = dropMs and "@" .. integer(dropMs) or ""
  return table.concat({ "/" .. stock .. more, unpack(dropped) }, " ")
end

local function unburyAll()
  if #unburied == 0 then return end
  send("ZREM", dead, unburied)
  local letters = {}
  for i = 1, #dropped do
    put(letters, dropped[i], dropped[i] .. "!")
    letters[#letters + 1] = dropped[i] .. "%"
  end
  if #letters > 0 then send("HDEL", msg, letters) end
end`;
