/** The part of the exchange that takes outcomes and renews leases. */

/**
 * `readAll` reads all that the request names, `settleAll` and `extendAll` decide, `moveAll` is the
 * first to write.
 */
export const SETTLE = `
local function idsOf(list, ids)
  for i = 1, #list do ids[#ids + 1] = string.match(list[i], "^%S+") end
end
local late = {}
-- Gives the channel's slot.
local function readAll()
  local ids, wanted = {}, {}
  idsOf(settle, ids)
  idsOf(extend, ids)
  for i = 1, #ids do wanted[i] = ids[i] .. "!" end
  for i = 1, #due do wanted[#ids + i] = "~" .. names[i] end
  if max > 0 then wanted[#wanted + 1] = "@" .. channel end
  local found, ended = fetch(msg, wanted), {}
  for i = 1, #ids do
    if not holds[ids[i]] then holds[ids[i]] = open(found[i]) end
    if found[i] == "" then ended[#ended + 1] = ids[i] end
  end
  for i = 1, #due do readHint(i, found[#ids + i]) end
  -- What has ended may have been ended by this very request, sent before.
  local outcomes = fetch(msg, ended)
  for i = 1, #ended do late[ended[i]] = outcomes[i] end
  return max > 0 and found[#wanted] or nil
end

local kinds = {}
local function finishAs(state)
  return function(id, hold, head, ms, text)
    finish(fields, exps, id, head, hold, state, "/", ms, text)
    holds[id] = false
  end
end
kinds.s, kinds.e = finishAs("s"), finishAs("e")
local function bury(failed)
  return function(id, hold, _, _, text)
    hold[STATE], hold[CLAIM], hold[DUE], hold[JOURNAL] = "d", "/", nowMs, text
    hold[FAILURES] = hold[FAILURES] + failed
    put(fields, id .. "!", close(hold))
    deaths[#deaths + 1] = id
  end
end
kinds.d, kinds.D = bury(0), bury(1)
local function putBack(failed)
  return function(id, hold, _, ms, text, line)
    local dueMs = math.min(nowMs + ms, LATEST_MS)
    hold[STATE], hold[CLAIM], hold[DUE] = "r", "/", dueMs
    if failed == 1 then hold[FAILURES], hold[JOURNAL] = hold[FAILURES] + 1, text end
    put(fields, id .. "!", close(hold))
    enter(line, id, dueMs)
  end
end
kinds.f, kinds.r = putBack(0), putBack(1)

local function isHeld(hold, claim) return hold and hold[STATE] == "h" and hold[CLAIM] == claim end

local function settleAll()
  local answers, answered = {}, {}
  for i = 1, #settle do
    local id, line, claim, kind, ms, head, text =
      string.match(settle[i], "^(%S+) (%d+) (%d+) (%a) (%d+) (%S+ %d+ %S+) (.*)$")
    local hold, answer = holds[id], answered[id]
    claim, line = claims[tonumber(claim)], tonumber(line)
    if not answer and isHeld(hold, claim) then
      hold[SETTLED] = claim
      kinds[kind](id, hold, head, tonumber(ms), text, line)
      leave(line, id)
      answer = "o"
    elseif not answer and hold then
      answer = hold[SETTLED] == claim and "o" or "l"
    elseif not answer then
      local _, _, _, before = outcome(late[id])
      answer = before == claim and "o" or "l"
    end
    answers[i], answered[id] = answer, answer
  end
  return answers
end

local function extendAll()
  local answers, renewed = {}, {}
  for i = 1, #extend do
    local id, line, claim, told, progress =
      string.match(extend[i], "^(%S+) (%d+) (%d+) (%d) (.*)$")
    local hold = holds[id]
    answers[i] = isHeld(hold, claims[tonumber(claim)]) and "o" or "l"
    if answers[i] == "o" then
      if told == "1" then
        hold[PROGRESS] = "1"
        put(fields, id .. "%", progress)
      end
      hold[DUE] = untilMs
      put(fields, id .. "!", close(hold))
      leave(tonumber(line), id)
      if not renewed[id] then enter(tonumber(line), id, untilMs) end
      renewed[id] = true
    end
  end
  return answers
end

local function moveAll()
  for line, ids in pairs(leaves) do send("ZREM", due[line], ids) end
  for line, list in pairs(enters) do
    local scored = {}
    for i = 1, #list, 2 do
      local score = place(due[line], list[i + 1])
      put(scored, integer(score), list[i])
      lowerHint(line, score)
    end
    send("ZADD", due[line], scored)
  end
end

-- Each score of the dead is higher than the one before, so that pages can be told by it.
local function buryAll()
  if #deaths == 0 then return end
  local last = redis.call("ZRANGE", dead, 0, 0, "REV", "WITHSCORES")[2]
  local at = math.max(nowMs * 1000 + (micro or 0), last and last + 1 or 0)
  local scored = {}
  for i = 1, #deaths do put(scored, integer(at + i - 1), deaths[i]) end
  send("ZADD", dead, scored)
end`;
