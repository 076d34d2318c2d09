/** Sends dead letters round again, with fresh budgets. */

import { defineScript, type Script } from "../script.ts";
import {
  BATCH,
  CHANGE_HOLD,
  CLOCK,
  DEADS,
  DEADS_FIELD,
  HINTS,
  HOLD,
  LOWER_HINT,
  OVER,
  PUT_HINTS,
  readDeads,
  readHints,
} from "./prelude.ts";
import { PLACE } from "./place.ts";
import { COMES, PUBLISH, WAKE } from "./sleepers.ts";

/** What it is given. */
export interface RedriveArgs {
  readonly op: string;
  /** Id, number of the line, separated by a space. */
  readonly letters: readonly string[];
}

/** Answers a letter each: `r` for redriven, `n` for not dead. */
export const redriveScript: Script<RedriveArgs, string> = defineScript({
  name: "redrive",
  keys: ["version", "msg", "lines", "dead"],
  args: { op: "string", letters: "list" },
  access: "release",
  body: `
${CLOCK}${BATCH}${HOLD}${CHANGE_HOLD}${OVER}${PLACE}${HINTS}${LOWER_HINT}
local fields, words, came, calls = {}, {}, {}, ""${COMES}
local wanted = {}
for i = 1, #letters do
  local id = string.match(letters[i], "^%S+")
  put(wanted, id, id .. "!")
end
for i = 1, #due do wanted[#wanted + 1] = "~" .. names[i] end
local wordsAt = #wanted
for i = 1, #due do wanted[#wanted + 1] = "&" .. names[i] end
wanted[#wanted + 1] = "${DEADS_FIELD}"
local found, base = fetch(msg, wanted), 2 * #letters
${readDeads("found[#wanted]")}${DEADS}
${readHints("base")}
for i = 1, #due do words[i] = found[wordsAt + i] or "" end

local gone, enters, redriven = {}, {}, {}
local function decide(i)
  local id, line = string.match(letters[i], "^(%S+) (%d+)$")
  local record, hold = found[2 * i - 1] or "", open(found[2 * i])
  line = tonumber(line)
  local ended, _, _, _, by = outcomeOf(record)
  if ended then return ended == names[line] and by == op and "r" or "n" end
  if string.match(record, "^L (%S+) ") ~= names[line] or not hold then return "n" end
  -- Redriven by this very request, sent before; it may have died again since.
  if redriven[id] or hold[REDRIVEN] == op then return "r" end
  if hold[STATE] ~= "d" then return "n" end
  undie(hold)
  hold = copy(hold)
  hold[STATE], hold[CLAIM], hold[REDRIVEN] = "r", "/", op
  hold[FAILURES], hold[CRASHES], hold[DUE] = 0, 0, nowMs
  put(fields, id .. "!", close(hold))
  comes(line, nowMs)
  enters[line] = enters[line] or {}
  enters[line][#enters[line] + 1] = id
  gone[#gone + 1] = id
  redriven[id] = true
  return "r"
end
local answers = {}
for i = 1, #letters do answers[i] = decide(i) end

if #gone > 0 then
  send("ZREM", dead, gone)
  for line, ids in pairs(enters) do
    local scored = {}
    for i = 1, #ids do
      local score = place(due[line], nowMs)
      put(scored, integer(score), ids[i])
      lowerHint(line, score)
    end
    send("ZADD", due[line], scored)
  end
  ${PUT_HINTS}
  if #strangers > 0 then send("SADD", lines, strangers) end
  put(fields, "${DEADS_FIELD}", deads())
  ${WAKE}
  send("HSET", msg, fields)
  ${PUBLISH}
end
return { "=redrive", "=" .. table.concat(answers) }`,
  decode: (reply, { letters }) => reply.letters(letters.length),
});
