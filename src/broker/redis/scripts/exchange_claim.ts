/** The part of the exchange that hands messages over, the same ones again when asked again. */

import { SUSPECT_CRASHES } from "../../broker.ts";

/**
 * `claimAll` gives what is to be answered, record and hold in turn, and the ids. The slot of a channel
 * says its last request that claimed, when that was, and what it got.
 */
export const CLAIM = `
local SLOT_MS = 3600000
-- A reply must get through a slow line before its deadline.
local MOST_BYTES = 1000000
local MOST_ROUNDS = 10
local SUSPECT_CRASHES = ${SUSPECT_CRASHES}
local mine = channel .. "." .. integer(seq)

local heads = {}
for i = 1, asked do heads[i] = "L " .. names[i] .. " " end
local function isLive(record, line)
  local head = heads[line]
  return record and string.sub(record, 1, #head) == head
end

-- Answers what the channel's last request was answered, as far as it is still held under it.
local function repeatBatch(ids)
  local wanted, answer, batch = {}, {}, {}
  for id in string.gmatch(ids, "%S+") do put(wanted, id, id .. "!") end
  local found = fetch(msg, wanted)
  for i = 1, #wanted, 2 do
    local id, hold = wanted[i], holds[wanted[i]]
    if hold == nil then hold = open(found[i + 1]) end
    if isHeld(hold, mine) and found[i] then
      put(answer, found[i], close(hold))
      batch[#batch + 1] = id
    end
  end
  return answer, batch
end

-- Finds what is due, at most max; the first entry that is not taken gives the line's next time.
local function look()
  local ids, from, want = {}, {}, max
  for line = 1, asked do
    local maybe = want > 0 and hints[line] and hints[line] < dueBelow
    if maybe or sweep then
      local found = redis.call("ZRANGE", due[line], 0, want, "WITHSCORES")
      local n = math.min(want, #found / 2)
      while n > 0 and tonumber(found[2 * n]) >= dueBelow do n = n - 1 end
      local before = #ids
      for i = 1, n do ids[before + i], from[before + i] = found[2 * i - 1], line end
      want = want - n
      setHint(line, tonumber(found[2 * n + 2]))
      leaves[line] = nil
    end
  end
  return ids, from
end

local function lease(hold)
  hold = copy(hold)
  -- Due and still held: its lease ran out before it was settled. A parked one had not begun.
  local crashed = hold[STATE] == "h"
  if crashed then hold[CRASHES] = hold[CRASHES] + 1 end
  hold[CRASHED] = crashed and hold[WORKER] or "="
  hold[STATE] = tonumber(hold[CRASHES]) >= SUSPECT_CRASHES and "p" or "h"
  hold[CLAIM], hold[DUE], hold[WORKER] = mine, untilMs, "=" .. worker
  hold[FENCE] = hold[FENCE] + 1
  return close(hold)
end

local function take(ids, from)
  local wanted, answer, batch, scored, stale = {}, {}, {}, {}, {}
  for i = 1, #ids do wanted[2 * i - 1], wanted[2 * i] = ids[i], ids[i] .. "!" end
  local found = fetch(msg, wanted)
  local fresh = table.concat({ "h", mine, "/", "/", 1, 0, 0, untilMs, "=" .. worker, "=", 0, "" }, " ")
  local bytes, taken = 0, 0
  for i = 1, #ids do
    local id, line, record, hold = ids[i], from[i], found[2 * i - 1], holds[ids[i]]
    if hold == nil then hold = open(found[2 * i]) end
    bytes = bytes + #(record or "")
    local live = hold ~= false and isLive(record, line) and not (hold and hold[STATE] == "d")
    if live and taken > 0 and bytes > MOST_BYTES then
      -- It stays where it is, due since some time or other.
      lowerHint(line, 0)
    elseif live then
      local text = hold and lease(hold)
      put(fields, wanted[2 * i], text or fresh)
      taken = taken + 1
      answer[2 * taken - 1], answer[2 * taken], batch[taken] = record, text or "", id
      local score = place(due[line], untilMs)
      if not scored[line] then
        scored[line] = {}
        lowerHint(line, score)
      end
      put(scored[line], integer(score), id)
    else
      -- An entry of the line without a message: it would be found again and again.
      stale[line] = stale[line] or {}
      stale[line][#stale[line] + 1] = id
    end
  end
  for line, list in pairs(scored) do send("ZADD", due[line], list) end
  for line, list in pairs(stale) do send("ZREM", due[line], list) end
  return answer, batch, next(stale) ~= nil
end

-- Lines that turn out to be empty are forgotten, so that names used once do not pile up.
local function forgetLines()
  local unused, gone = {}, {}
  for line = 1, asked do
    if known[line] and not hints[line] then
      unused[#unused + 1], gone[#gone + 1] = names[line], "~" .. names[line]
      touched[line] = nil
    end
  end
  if #gone == 0 then return end
  send("HDEL", msg, gone)
  send("SREM", lines, unused)
end

local function readSlot(text)
  local before, usedMs, settled, ids = string.match(text or "", "^(%d+) (%d+) ([ol]*)/ ?(.*)$")
  local claimed, told = string.match(ids or "", "^([^/]*)(.*)$")
  return { seq = tonumber(before or -1), used = usedMs ~= nil, settled = settled, ids = claimed,
    told = told }
end

-- Notes what is answered, also when nothing was taken: sent again, the request must not take what
-- came since, and others may have had what it settled.
local function remember(slot, settled, ids, told)
  if not remembered or slot.seq > seq then return end
  if not slot.used then put(exps, integer(nowMs + SLOT_MS), "@" .. channel) end
  if told ~= "" then ids = ids .. " " .. told end
  put(fields, "@" .. channel, integer(seq) .. " " .. integer(nowMs) .. " " .. settled .. "/ " .. ids)
end

local function claimAll(slot)
  -- A late request: its caller has long awaited the reply to a newer one.
  if slot.seq > seq then return {}, {} end
  local answer, batch, dropped, rounds = nil, nil, nil, 0
  if slot.seq == seq then
    answer, batch = repeatBatch(slot.ids)
  else
    -- Behind entries without a message, which are gone now, there may be some with one.
    repeat
      answer, batch, dropped = take(look())
      rounds = rounds + 1
    until #batch > 0 or not dropped or rounds == MOST_ROUNDS
    if sweep then forgetLines() end
  end
  return answer, batch
end`;
