/** The part of the exchange that takes outcomes and renews leases. */

/**
 * `readAll` reads all that the request names, `settleAll` and `extendAll` decide, `moveAll` is the
 * first to write.
 */
export const SETTLE = `
-- The name of the field of each hold that the request names, and what has ended of that.
local holdOf, late = {}, {}
-- Gives the channel's slot.
local function readAll()
  local ids, wanted, settled = {}, {}, #settle / 2
  for i = 1, settled do ids[i] = settle[2 * i - 1] end
  for i = 1, #extend / 2 do ids[settled + i] = extend[2 * i - 1] end
  for i = 1, #ids do
    wanted[i] = ids[i] .. "!"
    holdOf[ids[i]] = wanted[i]
  end
  for i = 1, #due do wanted[#ids + i] = "~" .. names[i] end
  if #settle > 0 or trim > 0 then put(wanted, STOCK, DEADS) end
  local stockAt = #wanted - 1
  local wordsAt = #wanted
  for i = 1, #due do wanted[#wanted + 1] = "&" .. names[i] end
  if remembered then wanted[#wanted + 1] = "@" .. channel end
  local found, over = fetch(msg, wanted), {}
  for i = 1, #ids do
    if not holds[ids[i]] then holds[ids[i]] = open(found[i]) end
    if found[i] == "" then over[#over + 1] = ids[i] end
  end
  for i = 1, #due do readHint(i, found[#ids + i]) end
  for i = 1, #due do words[i] = found[wordsAt + i] or "" end
  if #settle > 0 or trim > 0 then
    readStock(found[stockAt])
    readDeads(found[stockAt + 1])
  end
  -- What has ended may have been ended by this very request, sent before.
  local outcomes = fetch(msg, over)
  for i = 1, #over do late[over[i]] = outcomes[i] end
  return remembered and found[#wanted] or nil
end

-- Only a hold that is held names a claim.
local function isHeld(hold, claim) return hold and hold[CLAIM] == claim end

-- What becomes of a message by the letter of its outcome; \`head\` is what its entry has in common with
-- others.
local ends, deaths = {}, {}
local function finished(id, hold, head, text)
  local outcome = head.outcomes[hold]
  if not outcome then
    outcome = outcomeHead(names[head.line], head.letter, "/", head.claim, hold, head.forgetMs)
    head.outcomes[hold] = outcome
  end
  -- The result stands behind two words.
  local _, before = string.find(text, "^%d+ %S+ ")
  finish(id, outcome .. text, hold, head.forgetMs, #text - (before or #text))
  return false
end
ends.s, ends.e = finished, finished
local function buried(failed)
  return function(id, hold, head, text)
    local bytes, journal = string.match(text, "^(%d+) (.*)$")
    local weight = bytes + #journal
    hold = copy(hold)
    hold[STATE], hold[CLAIM] = "d", "/" .. integer(weight)
    hold[SETTLED], hold[DUE] = head.claim, nowMs
    hold[FAILURES], hold[JOURNAL] = hold[FAILURES] + failed, journal
    put(fields, holdOf[id], close(hold))
    deaths[#deaths + 1], deadBytes = id, deadBytes + weight
    return hold
  end
end
ends.d, ends.D = buried(0), buried(1)
local function putBack(failed)
  return function(id, hold, head, text)
    hold = copy(hold)
    hold[STATE], hold[CLAIM], hold[SETTLED], hold[DUE] = "r", "/", head.claim, head.dueMs
    if failed == 1 then hold[FAILURES], hold[JOURNAL] = hold[FAILURES] + 1, text end
    put(fields, holdOf[id], close(hold))
    enter(head.line, id, head.dueMs)
    comes(head.line, head.dueMs)
    return hold
  end
end
ends.f, ends.r = putBack(0), putBack(1)

local function readHead(text)
  local line, claim, letter, ms = string.match(text, "^(%d+) (%S+) (%a) (%d+)$")
  return { line = tonumber(line), claim = claim, letter = letter, outcomes = {},
    forgetMs = forgetAt(tonumber(ms)), dueMs = math.min(nowMs + ms, LATEST_MS) }
end

local function settleAll()
  for i = 1, #settleHeads do settleHeads[i] = readHead(settleHeads[i]) end
  local heads, answers, answered = headOf(settleHeads, settleRuns), {}, {}
  for i = 1, #heads do
    local id, head = settle[2 * i - 1], heads[i]
    local hold, answer = holds[id], answered[id]
    if not answer and isHeld(hold, head.claim) then
      holds[id] = ends[head.letter](id, hold, head, settle[2 * i])
      leave(head.line, id)
      answer = "o"
    elseif not answer then
      local _, _, _, before = outcomeOf(late[id])
      if hold then before = hold[SETTLED] end
      answer = before == head.claim and "o" or "l"
    end
    answers[i], answered[id] = answer, answer
  end
  return answers
end

local function extendAll()
  local heads, answers = headOf(extendHeads, extendRuns), {}
  for i = 1, #heads do
    local id, progress = extend[2 * i - 1], extend[2 * i]
    local line, claim, begins = string.match(heads[i], "^(%d+) (%S+) (%d)$")
    local hold = holds[id]
    answers[i] = isHeld(hold, claim) and "o" or "l"
    if answers[i] == "o" then
      hold, line = copy(hold), tonumber(line)
      hold[DUE] = untilMs
      if begins == "1" then hold[STATE] = "h" end
      if progress ~= "" then
        hold[PROGRESS] = "1"
        put(fields, id .. "%", string.sub(progress, 2))
      end
      put(fields, holdOf[id], close(hold))
      holds[id] = hold
      leave(line, id)
      enter(line, id, untilMs)
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
