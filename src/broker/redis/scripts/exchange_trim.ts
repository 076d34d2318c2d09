/** The part of the exchange that forgets what is past its time, or beyond its bounds. */

import { LEAST_RETAIN_MS } from "../../retention.ts";
import { SLOT_MS } from "./exchange_claim.ts";
import { MOST_READ } from "./exchange_dead.ts";
import { STOCK, STOCK_FIELD } from "./prelude.ts";

/**
 * `trimAll` runs last, so that a replay in the same request still finds what it needs. It gives when
 * there is more to forget, if there is.
 */
export const TRIM = `
local function stock()
  count, kept = math.max(0, count), math.max(0, kept)
  return ${STOCK}
end
local keepCount, keepBytes = string.match(bounds, "^(%S+) (%S+)")
keepCount, keepBytes = tonumber(keepCount), tonumber(keepBytes)
local gone, going, forgotten, forgot = {}, 0, {}, 0
local function drop(id, bytes)
  gone[going + 1], gone[going + 2], gone[going + 3] = id, id .. "!", id .. "%"
  going, forgot = going + 3, forgot + 1
  forgotten[forgot] = id
  kept, count = kept - bytes, count - 1
end
-- Gives when it ended, and the bytes of its result. Those that ended together begin alike: to see that
-- costs a fraction of what it costs to read one.
local alike, alikeMs = "/", nil
local function readOutcome(record)
  if not record then return 0, 0 end
  if string.find(record, alike, 1, true) ~= 1 then
    alike, alikeMs = string.match(record,
      "^(O %S+ %a %S+ %S+ %S+ (%d+) %d+ %d+ %d+ %d+ %S+ )")
    if not alike then
      alike = "/"
      return 0, 0
    end
    alikeMs = tonumber(alikeMs)
  end
  local at = string.match(record, "^%d+ %S+ ()", #alike + 1)
  return alikeMs, #record + 1 - (at or #record + 1)
end
-- Reads what entries speak of, so many at a time that their results are not too long.
local function eachRecord(ids, visit)
  local step = math.max(1, math.floor(${MOST_READ} / (kept / math.max(count, 1) + 1)))
  for first = 1, #ids, step do
    local part = { unpack(ids, first, math.min(first + step - 1, #ids)) }
    local records = fetch(msg, part)
    for i = 1, #part do
      if visit(part[i], records[i]) then return true end
    end
  end
end

local KEY, CHANNEL = string.byte("#@", 1, 2)
local function trimPast(past)
  local keys, others, later = {}, {}, {}
  for i = 1, #past do
    if string.byte(past[i]) == KEY then
      keys[#keys + 1] = string.sub(past[i], 2)
      forgot = forgot + 1
      forgotten[forgot] = past[i]
    else
      others[#others + 1] = past[i]
    end
  end
  eachRecord(others, function(name, record)
    if string.byte(name) ~= CHANNEL then
      local _, bytes = readOutcome(record)
      return drop(name, bytes)
    end
    -- A channel is noted once, and used many times since: its slot says when it was used last.
    local usedMs = tonumber(string.match(record or "", "^%d+ (%d+)") or 0)
    if usedMs + ${SLOT_MS} > nowMs then
      put(later, integer(usedMs + ${SLOT_MS}), name)
    else
      forgot, going = forgot + 1, going + 1
      forgotten[forgot], gone[going] = name, name
    end
  end)
  if #keys > 0 then send("HDEL", dedupe, keys) end
  if #later > 0 then send("ZADD", exp, later) end
end

-- Looks a page further each time, past keys and what is too young; from the front again once all has
-- been looked at, or enough was dropped.
local function trimBeyond(most)
  if count <= keepCount and kept <= keepBytes then return end
  local front = from <= nowMs
  local found = redis.call("ZRANGE", exp, front and integer(nowMs + 1) or integer(from), "+inf",
    "BYSCORE", "LIMIT", 0, most, "WITHSCORES")
  local ids, last, atMs, before = {}, tonumber(found[#found] or 0), nil, forgot
  for i = 1, #found, 2 do
    local mark = string.byte(found[i])
    if mark ~= KEY and mark ~= CHANNEL then ids[#ids + 1] = found[i] end
  end
  local enough = eachRecord(ids, function(id, record)
    local finishedMs, bytes = readOutcome(record)
    local oldMs = finishedMs + ${LEAST_RETAIN_MS}
    if oldMs > nowMs then
      atMs = math.min(atMs or oldMs, oldMs)
    else
      drop(id, bytes)
    end
    return count <= keepCount and kept <= keepBytes
  end)
  local all = #found / 2 < most
  -- A page may be of one instant: what has not been dropped of it would be found again and again.
  local stuck = not front and last == from and forgot == before
  from = (enough or all) and 0 or stuck and last + 1 or last
  if enough then return end
  if all then return front and atMs or not front and nowMs or nil end
  return forgot == before and atMs or nowMs
end

local function trimAll()
  local past = redis.call("ZRANGE", exp, "-inf", integer(nowMs), "BYSCORE", "LIMIT", 0, trim)
  local before, atMs = stock(), nowMs
  trimPast(past)
  if #past < trim then atMs = trimBeyond(trim - #past) or "" end
  -- A repair may have taken outcomes away: a miscount ends when they would be forgotten, at the latest.
  count = math.min(count, redis.call("ZCARD", exp) - forgot)
  if count == 0 then kept = 0 end
  if stock() ~= before then redis.call("HSET", msg, "${STOCK_FIELD}", stock()) end
  if forgot > 0 then send("ZREM", exp, forgotten) end
  if going > 0 then send("HDEL", msg, gone) end
  return atMs
end`;
