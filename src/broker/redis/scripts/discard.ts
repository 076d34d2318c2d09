/** Throws dead letters away; an outcome is left of each for a while. */

import { defineScript, type Script } from "../script.ts";
import {
  BATCH,
  CLOCK,
  DEADS,
  DEADS_FIELD,
  FINISH,
  HOLD,
  OVER,
  readDeads,
  readStock,
  STOCK,
  STOCK_FIELD,
} from "./prelude.ts";

/** What it is given. */
export interface DiscardArgs {
  readonly op: string;
  readonly retainMs: number;
  /** Id, name of the line, result, separated by spaces. */
  readonly letters: readonly string[];
}

/** Answers a letter each: `d` for discarded, `n` for not dead. */
export const discardScript: Script<DiscardArgs, string> = defineScript({
  name: "discard",
  keys: ["version", "msg", "exp", "dead"],
  args: { op: "string", retainMs: "number", letters: "list" },
  access: "release",
  body: `
${CLOCK}${BATCH}${HOLD}${OVER}
local wanted = {}
for i = 1, #letters do
  local id = string.match(letters[i], "^%S+")
  put(wanted, id, id .. "!")
end
put(wanted, "${STOCK_FIELD}", "${DEADS_FIELD}")
local found = fetch(msg, wanted)
${readStock("found[#wanted - 1]")}${readDeads("found[#wanted]")}${DEADS}${FINISH}

local gone, discarded = {}, {}
local function decide(i)
  local id, line, result = string.match(letters[i], "^(%S+) (%S+) (.*)$")
  local record, hold = found[2 * i - 1] or "", open(found[2 * i])
  if discarded[id] then return "d" end
  local over, _, by = outcomeOf(record)
  if over then return over == line and by == op and "d" or "n" end
  local name, head = string.match(record, "^L (%S+) (%d+ %S+) ")
  if name ~= line or not hold or hold[STATE] ~= "d" then return "n" end
  finish(id, name, head, result, hold)
  undie(hold)
  gone[#gone + 1] = id
  discarded[id] = true
  return "d"
end
local answers = {}
for i = 1, #letters do answers[i] = decide(i) end

if #gone > 0 then
  put(fields, "${STOCK_FIELD}", ${STOCK})
  put(fields, "${DEADS_FIELD}", deads())
  send("ZREM", dead, gone)
  send("HSET", msg, fields)
  send("ZADD", exp, exps)
end
return { "=discard", "=" .. table.concat(answers) }`,
  decode: (reply, { letters }) => reply.letters(letters.length),
});
