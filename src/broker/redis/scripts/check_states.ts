/** The parts of a check of messages that say where each one belongs. */

import { PUT_HINTS, readHints } from "./prelude.ts";

/**
 * Reads all that is known of the subjects, and moves them; needs all that `check_messages.ts` begins
 * with.
 */
export const PLACES = `
local wanted, members = {}, {}
for i = 1, #subjects do
  local name = subjects[i]
  put(wanted, name, name .. "!")
  wanted[#wanted + 1] = name .. "%"
  lineOf[i] = tonumber(lineOf[i])
  if due[lineOf[i]] then
    members[lineOf[i]] = members[lineOf[i]] or {}
    put(members[lineOf[i]], name, i)
  end
end
for i = 1, #due do wanted[3 * #subjects + i] = "~" .. names[i] end
local found = fetch(msg, wanted)
${readHints("3 * #subjects")}
local inDead, inExp, inDue = scoresOf(dead, subjects), scoresOf(exp, subjects), {}
for line, list in pairs(members) do
  local asked = {}
  for i = 1, #list, 2 do asked[#asked + 1] = list[i] end
  local scores = scoresOf(due[line], asked)
  for i = 1, #scores do inDue[list[2 * i]] = scores[i] end
end
local listed = #due > 0 and redis.call("SMISMEMBER", lines, unpack(names)) or {}

local SLOT_MS, MIN_RETAIN_MS = 3600000, 600000
-- What stands under this time gets a score within it, or just behind where many came at once.
local MOST_BEHIND = 10000
local function isAt(score, ms)
  local number = sane(score)
  return number and number >= ms * 1000 and number < ms * 1000 + MOST_BEHIND
end

-- How a message gets to where it belongs, and away from where it does not.
local enters, leaves = {}, {}
local function enter(i, ms)
  enters[lineOf[i]] = enters[lineOf[i]] or {}
  put(enters[lineOf[i]], subjects[i], ms)
end
local function leave(i)
  if not inDue[i] then return end
  leaves[lineOf[i]] = leaves[lineOf[i]] or {}
  leaves[lineOf[i]][#leaves[lineOf[i]] + 1] = subjects[i]
end
local function leaveDead(i)
  if inDead[i] then undead[#undead + 1] = subjects[i] end
end
local function leaveExp(i)
  if inExp[i] then unexps[#unexps + 1] = subjects[i] end
end
local function bury(i)
  -- Its old place is no measure for the new one.
  leaveDead(i)
  deaths[#deaths + 1] = subjects[i]
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
    unknown[#unknown + 1] = names[line]
  end
  ${PUT_HINTS}
end`;

/** Says what is wrong with a live message, or one that has ended, and what is to be done about it. */
export const STATES = `
local function checkDead(i, id, hold)
  local score = inDead[i]
  if not score then
    tell("dead_unlisted", id)
    bury(i)
  elseif not sane(score) or sane(score) < hold[DUE] * 1000 then
    tell("dead_mistimed", id, score)
    bury(i)
  end
  if inDue[i] then tell("dead_in_line", id, names[lineOf[i]]) end
  leave(i)
  if inExp[i] then tell("live_in_exp", id) end
  leaveExp(i)
end

local function checkWaiting(i, id, dueMs)
  if not inDue[i] then
    tell("live_unlisted", id, names[lineOf[i]])
    enter(i, dueMs)
  elseif not isAt(inDue[i], dueMs) then
    tell("live_mistimed", id, inDue[i] .. " " .. integer(dueMs))
    enter(i, dueMs)
  end
  if inDead[i] then tell("live_in_dead", id) end
  leaveDead(i)
  if inExp[i] then tell("live_in_exp", id) end
  leaveExp(i)
end

local function isCount(text) return #text <= 15 and string.find(text, "^%d+$") ~= nil end
-- A dead letter stays one; any other counts as never begun, with what can be read of its counts.
local function mendHold(i, id, text)
  local counts, hold = { string.match(text, "^%S+ %S+ %S+ %S+ (%S+) (%S+) (%S+)") }, {}
  for n = 1, 3 do counts[n] = counts[n] and isCount(counts[n]) and counts[n] or 0 end
  local score = sane(inDead[i])
  local dead = score and not inDue[i]
  local atMs = dead and math.floor(score / 1000) or nowMs
  local progress = found[3 * i] and found[3 * i] ~= "" and 1 or 0
  put(fields, id .. "!", table.concat({ dead and "d" or "r", "/", "/", "/", counts[1], counts[2],
    counts[3], integer(atMs), "=", "=", progress, "" }, " "))
  if not dead then
    enter(i, nowMs)
    leaveDead(i)
  end
  leaveExp(i)
end

local STATES = { h = true, p = true, r = true, d = true }
local function isSound(hold)
  return hold and STATES[hold[STATE]] and tonumber(hold[DUE]) <= LATEST_MS and isCount(hold[FENCE])
    and isCount(hold[FAILURES]) and isCount(hold[CRASHES])
end
local function checkLive(i, id, dueMs)
  local text, hold = found[3 * i - 1], open(found[3 * i - 1])
  if not text or text == "" then
    checkWaiting(i, id, dueMs)
  elseif not isSound(hold) then
    tell("hold_damaged", id, string.sub(text, 1, 80))
    mendHold(i, id, text)
  elseif hold[STATE] == "d" then
    checkDead(i, id, hold)
  else
    checkWaiting(i, id, tonumber(hold[DUE]))
  end
end

local function forgetInTime(id, record, forgetMs)
  if forgetMs > LATEST_MS then
    local head, tail = string.match(record, "^(O %S+ %a %S+ %S+ %S+ %d+ )%d+( .*)$")
    forgetMs = nowMs + MIN_RETAIN_MS
    put(fields, id, head .. integer(forgetMs) .. tail)
  end
  put(exps, integer(forgetMs), id)
end
local function checkEnded(i, id, forgetMs)
  if not inExp[i] then
    tell("ended_unlisted", id)
    forgetInTime(id, found[3 * i - 2], forgetMs)
  elseif tonumber(inExp[i]) ~= forgetMs or forgetMs > LATEST_MS then
    tell("ended_mistimed", id, inExp[i] .. " " .. integer(forgetMs))
    forgetInTime(id, found[3 * i - 2], forgetMs)
  end
  if inDue[i] then tell("ended_in_line", id, names[lineOf[i]]) end
  leave(i)
  if inDead[i] then tell("ended_in_dead", id) end
  leaveDead(i)
  local hold = found[3 * i - 1]
  if not hold or hold == "" then return end
  tell("ended_held", id)
  put(fields, id .. "!", "")
end

-- Whatever is left of it becomes the body of a dead letter: nothing is thrown away unread.
local function mendRecord(i, id, record)
  local line = names[lineOf[i]]
  if not line or not isLine(line) then line = "default:n" end
  put(fields, id, table.concat({ "L", line, nowMs, "- 0 0", record }, " "))
  put(fields, id .. "!", table.concat({ "d / / / 0 0 0", nowMs, "= = 0 " }, " "))
  leave(i)
  leaveExp(i)
  bury(i)
end
local function remove(i, id)
  put(gone, id, id .. "!")
  gone[#gone + 1] = id .. "%"
  leave(i)
  leaveExp(i)
  leaveDead(i)
end`;
