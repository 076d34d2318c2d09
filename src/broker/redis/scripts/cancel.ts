/** Stops messages that are not final. */

import { defineScript, type Script } from "../script.ts";
import {
  BATCH,
  CLOCK,
  FIND_HINT,
  FINISH,
  HINTS,
  HOLD,
  OVER,
  PUT_HINTS,
  readHints,
  readStock,
  STOCK,
  STOCK_FIELD,
} from "./prelude.ts";

/** What it is given. */
export interface CancelArgs {
  readonly op: string;
  readonly retainMs: number;
  /** Id, number of the line, result, separated by spaces. */
  readonly messages: readonly string[];
}

/**
 * Answers a letter each: `c` for cancelled, `f` for final before, `n` for not found. That is also one
 * named under another line: its entry would stay behind, and nobody may touch a key that is not
 * declared.
 */
export const cancelScript: Script<CancelArgs, string> = defineScript({
  name: "cancel",
  keys: ["version", "msg", "lines", "exp"],
  args: { op: "string", retainMs: "number", messages: "list" },
  access: "release",
  body: `
${CLOCK}${BATCH}${HOLD}${OVER}${HINTS}
local wanted = {}
for i = 1, #messages do
  local id = string.match(messages[i], "^%S+")
  put(wanted, id, id .. "!")
end
for i = 1, #due do wanted[#wanted + 1] = "~" .. names[i] end
wanted[#wanted + 1] = "${STOCK_FIELD}"
local found, base = fetch(msg, wanted), 2 * #messages
${readStock("found[#wanted]")}
${readHints("base")}

${FINISH}
local leaves, cancelled = {}, {}
local function decide(i)
  local id, line, result = string.match(messages[i], "^(%S+) (%d+) (.*)$")
  local record, hold = found[2 * i - 1] or "", open(found[2 * i])
  line = tonumber(line)
  if cancelled[id] then return "c" end
  local over, _, by = outcomeOf(record)
  if over then return over ~= names[line] and "n" or by == op and "c" or "f" end
  local name, head = string.match(record, "^L (%S+) (%d+ %S+) ")
  if name ~= names[line] then return "n" end
  if hold and hold[STATE] == "d" then return "f" end
  finish(id, name, head, result, hold)
  leaves[line] = leaves[line] or {}
  leaves[line][#leaves[line] + 1] = id
  cancelled[id] = true
  return "c"
end
local answers = {}
for i = 1, #messages do answers[i] = decide(i) end

for i, ids in pairs(leaves) do
  send("ZREM", due[i], ids)
  ${FIND_HINT}
end
if #exps > 0 then put(fields, "${STOCK_FIELD}", ${STOCK}) end
${PUT_HINTS}
send("HSET", msg, fields)
send("ZADD", exp, exps)
return { "=cancel", "=" .. table.concat(answers) }`,
  decode: (reply, { messages }) => reply.letters(messages.length),
});
