/** The part of the exchange that takes outcomes and renews leases. */

import {
  DEADS_FIELD,
  FORGET_AT,
  OUTCOME_HEAD,
  OVER,
  readDeads,
  readHints,
  readStock,
  STOCK_FIELD,
  WORD_SCORE,
} from "./prelude.ts";
import { COMES } from "./sleepers.ts";

/**
 * Reads all that the request names. `at` tells where a message is named first; there, `holds` has its
 * hold, opened: changed where this request changes it, false once it has ended it. `late` has the claim
 * that had ended each one before, `noted` is the channel's slot.
 */
export const READ = `
local settled, named = #settleIds, #settleIds + #extendIds
local wanted, at, holds, late = {}, {}, {}, {}
for i = 1, named do
  local id = settleIds[i] or extendIds[i - settled]
  wanted[i] = id .. "!"
  if not at[id] then at[id] = i end
end
local last = named + 2 * #due
for i = 1, #due do wanted[named + i], wanted[named + #due + i] = "~" .. names[i], "&" .. names[i] end
if remembered then wanted[last + 1] = "@" .. channel end
local counts = settled > 0 or trim > 0
if counts then wanted[last + 2], wanted[last + 3] = "${STOCK_FIELD}", "${DEADS_FIELD}" end
local found, over = fetch(msg, wanted), {}
${readHints("named")}
words = slice(found, named + #due + 1, last)
for i = 1, #due do words[i] = words[i] or "" end
local noted = remembered and found[last + 1] or ""
${readStock("counts and found[last + 2]")}${readDeads("counts and found[last + 3]")}
local opened = {}
for i = 1, named do
  local text = found[i]
  local hold = opened[text]
  if text and not hold then
    hold = open(text)
    opened[text] = hold
  end
  holds[i] = hold
  if text == "" and i <= settled then over[#over + 1] = settleIds[i] end
end
-- What has ended may have been ended by this very request, sent before.
if over[1] then
  ${OVER}
  local outcomes = fetch(msg, over)
  for i = 1, #over do
    local _, _, _, claim = outcomeOf(outcomes[i])
    late[over[i]] = claim
  end
end`;

const FINISHED = `
local beginning = beginnings[hold]
if not beginning then
  local line, state, op, settled = names[line], letter, "/", claim
  beginning = ${OUTCOME_HEAD}
  beginnings[hold] = beginning
end
fields[written + 1], fields[written + 2] = id, beginning .. text
-- Emptied rather than deleted: that would be one command more, and trimming deletes it.
fields[written + 3], fields[written + 4] = wanted[seen], ""
written = written + 4
if hold[PROGRESS] == "1" then
  fields[written + 1], fields[written + 2] = id .. "%", ""
  written = written + 2
end
exps[2 * ended + 1], exps[2 * ended + 2] = forgetMs, id
ended, kept = ended + 1, kept + #text - before
holds[seen] = false`;

const BURIED = `
local bytes, journal = string.match(text, "^(%d+) (.*)$")
local weight = bytes + #journal
hold[STATE], hold[CLAIM], hold[DUE] = "d", "/" .. integer(weight), nowMs
hold[FAILURES], hold[JOURNAL] = hold[FAILURES] + (letter == "D" and 1 or 0), journal
deaths = deaths or {}
deaths[#deaths + 1], deadBytes = id, deadBytes + weight`;

const PUT_BACK = `
hold[STATE], hold[CLAIM], hold[DUE] = "r", "/", dueMs
if letter == "r" then hold[FAILURES], hold[JOURNAL] = hold[FAILURES] + 1, text end
enters[line] = enters[line] or {}
put(enters[line], id, dueMs)`;

/**
 * Decides about each settlement, one run of the same head after the other, and words the `answers`.
 * Only a hold that is held names a claim.
 */
export const SETTLE = `
local heads, lost, i, written = {}, {}, 0, 0
for run = 1, #settleRuns do
  local times, line, claim, letter, ms, before =
    string.match(settleRuns[run], "^(%d+) (%d+) ?(%S*) ?(%a?) ?(%d*) ?(%d*)$")
  local beginnings, forgetMs, dueMs
  line, before = tonumber(line), tonumber(before)
  if claim == "" then
    line, claim, letter, before, beginnings, forgetMs, dueMs = unpack(heads[line])
  else
    local retainMs = tonumber(ms)
    beginnings, forgetMs, dueMs = {}, ${FORGET_AT}, math.min(nowMs + retainMs, LATEST_MS)
    heads[#heads + 1] = { line, claim, letter, before, beginnings, forgetMs, dueMs }
  end
  local leaving = leaves[line] or {}
  local size = #leaving
  for _ = 1, times do
    i = i + 1
    local id, text = settleIds[i], settleTexts[i]
    local seen = at[id]
    local hold = holds[seen]
    if seen < i then
      -- Settled twice in one request.
      lost[i] = lost[seen]
    elseif hold and hold[CLAIM] == claim then
      if letter == "s" or letter == "e" then
        ${FINISHED}
      else
        hold = copy(hold)
        hold[SETTLED] = claim
        if letter == "d" or letter == "D" then
          ${BURIED}
        else
          ${PUT_BACK}
        end
        fields[written + 1], fields[written + 2] = wanted[seen], close(hold)
        written = written + 2
        holds[seen] = hold
      end
      size = size + 1
      leaving[size] = id
    else
      local by = late[id]
      if hold then by = hold[SETTLED] end
      if by ~= claim then lost[i] = "l" end
    end
  end
  if size > 0 then leaves[line] = leaving end
end
if next(lost) then
  for n = 1, settled do lost[n] = lost[n] or "o" end
  answers = table.concat(lost)
else
  answers = string.rep("o", settled)
end
if next(enters) then
  ${COMES}
  for line, list in pairs(enters) do
    for n = 2, #list, 2 do comes(line, list[n]) end
  end
end`;

/** Renews leases; `renewed` has a letter for each. */
export const EXTEND = `
local heads, extended, i = {}, {}, 0
for run = 1, #extendRuns do
  local times, line, claim, begins =
    string.match(extendRuns[run], "^(%d+) (%d+) ?(%S*) ?(%d?)$")
  line = tonumber(line)
  if claim == "" then
    line, claim, begins = unpack(heads[line])
  else
    heads[#heads + 1] = { line, claim, begins }
  end
  for _ = 1, times do
    i = i + 1
    local id, progress = extendIds[i], extendTexts[i]
    local hold = holds[at[id]]
    extended[i] = hold and hold[CLAIM] == claim and "o" or "l"
    if extended[i] == "o" then
      hold = copy(hold)
      hold[DUE] = untilMs
      if begins == "1" then hold[STATE] = "h" end
      if progress ~= "" then
        hold[PROGRESS] = "1"
        put(fields, id .. "%", string.sub(progress, 2))
      end
      put(fields, id .. "!", close(hold))
      holds[at[id]] = hold
      leaves[line], enters[line] = leaves[line] or {}, enters[line] or {}
      leaves[line][#leaves[line] + 1] = id
      put(enters[line], id, untilMs)
    end
  end
end
renewed = table.concat(extended)`;

/** Moves what leaves a line, and what enters it: the first to write. */
export const MOVE = `
for line = 1, #due do
  if leaves[line] then send("ZREM", due[line], leaves[line]) end
end
for line = 1, #due do
  local list = enters[line]
  if list then
    for i = 1, #list, 2 do
      local id, ms = list[i], list[i + 1]
      local score = micro and ms * 1000 + micro + turn or place(due[line], ms)
      turn = turn + 1
      ${WORD_SCORE}
      list[i], list[i + 1] = tens .. DIGITS[last + 1], id
      lowerHint(line, score)
    end
    send("ZADD", due[line], list)
  end
end`;
