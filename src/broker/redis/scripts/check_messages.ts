/** Looks at messages, channels and hints: each must stand in exactly one place. */

import { readTold, type Told } from "../check_texts.ts";
import { defineScript, type Script } from "../script.ts";
import { LINE, TELL } from "./check_parts.ts";
import { BATCH, CLOCK, HINTS, HOLD } from "./prelude.ts";

/** What a check of messages is given. */
export interface CheckMessagesArgs {
  /** Names, as `Subject` has them. */
  readonly subjects: readonly string[];
  /** The number of the line of each, 0 where that could not be told. */
  readonly lineOf: readonly string[];
}

/** Looks at each subject as it is now; what has been replaced meanwhile is left alone. */
export const checkMessagesScript: Script<CheckMessagesArgs, readonly Told[]> = defineScript({
  name: "check_messages",
  keys: ["version", "msg", "lines", "exp", "dead"],
  args: { subjects: "list", lineOf: "list" },
  access: "read",
  body: `
${CLOCK}${BATCH}${HOLD}${HINTS}${TELL}${LINE}
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
local inDead, inExp, inDue = scoresOf(dead, subjects), scoresOf(exp, subjects), {}
for line, list in pairs(members) do
  local asked = {}
  for i = 1, #list, 2 do asked[#asked + 1] = list[i] end
  local scores = scoresOf(due[line], asked)
  for i = 1, #scores do inDue[list[2 * i]] = scores[i] end
end
local listed = #due > 0 and redis.call("SMISMEMBER", lines, unpack(names)) or {}

-- What stands under this time gets a score within it, or just behind where many came at once.
local MOST_BEHIND = 10000
local function isAt(score, ms)
  local number = sane(score)
  return number and number >= ms * 1000 and number < ms * 1000 + MOST_BEHIND
end

local function checkDead(i, id, hold)
  local score = inDead[i]
  if not score then
    tell("dead_unlisted", id)
  elseif not sane(score) or sane(score) < hold[DUE] * 1000 then
    tell("dead_mistimed", id, score)
  end
  if inDue[i] then tell("dead_in_line", id, names[lineOf[i]]) end
  if inExp[i] then tell("live_in_exp", id) end
end

local function checkWaiting(i, id, dueMs)
  if not inDue[i] then
    tell("live_unlisted", id, names[lineOf[i]])
  elseif not isAt(inDue[i], dueMs) then
    tell("live_mistimed", id, inDue[i] .. " " .. integer(dueMs))
  end
  if inDead[i] then tell("live_in_dead", id) end
  if inExp[i] then tell("live_in_exp", id) end
end

local STATES = { h = true, p = true, r = true, d = true }
local function checkLive(i, id, dueMs)
  local text, hold = found[3 * i - 1], open(found[3 * i - 1])
  if not hold then
    if text and text ~= "" then return tell("hold_damaged", id, string.sub(text, 1, 80)) end
    return checkWaiting(i, id, dueMs)
  end
  if not STATES[hold[STATE]] or tonumber(hold[DUE]) > LATEST_MS then
    return tell("hold_damaged", id, string.sub(text, 1, 80))
  end
  if hold[STATE] == "d" then return checkDead(i, id, hold) end
  checkWaiting(i, id, tonumber(hold[DUE]))
end

local function checkEnded(i, id, forgetMs)
  if not inExp[i] then
    tell("ended_unlisted", id)
  elseif tonumber(inExp[i]) ~= forgetMs or forgetMs > LATEST_MS then
    tell("ended_mistimed", id, inExp[i] .. " " .. integer(forgetMs))
  end
  if inDue[i] then tell("ended_in_line", id, names[lineOf[i]]) end
  if inDead[i] then tell("ended_in_dead", id) end
  local hold = found[3 * i - 1]
  if hold and hold ~= "" then tell("ended_held", id) end
end

local ENDED = "^O (%S+) [sec] %S+ %S+ %S+ %d+ (%d+) %d+ %d+ %d+ %S+ %d+ %S+ "
local function checkMessage(i, id)
  local record = found[3 * i - 2]
  if not record then
    if found[3 * i - 1] or found[3 * i] then tell("record_missing", id) end
    return
  end
  if not isId(id) then return tell("foreign", id) end
  if record == "" then return tell("record_empty", id) end
  local line, atMs, delay = string.match(record, "^L (%S+) (%d+) %S+ (%d+) %d+ ")
  local forgetMs
  if not line then line, forgetMs = string.match(record, ENDED) end
  if not line or not isLine(line) or atMs and atMs + delay > LATEST_MS then
    return tell("record_damaged", id, string.sub(record, 1, 80))
  end
  -- Another message of this id has come, or come anew, since the page was read.
  if line ~= names[lineOf[i]] then return end
  if forgetMs then return checkEnded(i, id, tonumber(forgetMs)) end
  checkLive(i, id, atMs + delay)
end

local function checkSlot(i, name)
  local slot = found[3 * i - 2]
  if not slot then return end
  if not string.find(slot, "^%d+ %d+ ") then
    tell("slot_damaged", name)
  elseif not inExp[i] then
    tell("slot_unlisted", name)
  elseif not sane(inExp[i]) or tonumber(inExp[i]) > LATEST_MS then
    tell("slot_mistimed", name, inExp[i])
  end
end

local looked = {}
local function lookAtLine(line)
  if looked[line] then return end
  looked[line] = true
  checkLine(line, found[3 * #subjects + line], listed[line] == 1)
end
for i = 1, #subjects do
  local name, line = subjects[i], lineOf[i]
  local mark = string.sub(name, 1, 1)
  if mark == "~" then
    lookAtLine(line)
  elseif mark == "@" then
    checkSlot(i, name)
  else
    checkMessage(i, name)
    -- The lines that are on the list have been looked at.
    if due[line] and listed[line] == 0 then lookAtLine(line) end
  end
end
return told({ "=check_messages" })`,
  decode: readTold,
});
