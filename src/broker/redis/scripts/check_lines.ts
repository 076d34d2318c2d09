/** Looks at lines: their entries must have a message, and what says that they have work be right. */

import { readTold, type Told } from "../check_texts.ts";
import { defineScript, type Script } from "../script.ts";
import { LINE, TELL } from "./check_parts.ts";
import { BATCH, CLOCK, HINTS } from "./prelude.ts";

/** Says where to begin in the first line, and about how many entries to look at. */
export interface CheckLinesArgs {
  readonly cursor: string;
  readonly count: number;
}

/** Says where to go on: in which of the lines, and where in it. */
export interface CheckedLines {
  readonly line: number;
  readonly cursor: string;
  readonly checked: number;
  readonly told: readonly Told[];
}

/** Looks at the lines given, one after the other, until it has seen so many entries. */
export const checkLinesScript: Script<CheckLinesArgs, CheckedLines> = defineScript({
  name: "check_lines",
  keys: ["version", "msg", "lines"],
  args: { cursor: "string", count: "number" },
  access: "read",
  body: `
${CLOCK}${BATCH}${HINTS}${TELL}${LINE}
local wanted = {}
for i = 1, #due do wanted[i] = "~" .. names[i] end
local found = fetch(msg, wanted)
local listed = redis.call("SMISMEMBER", lines, unpack(names))

local function checkEntries(i, entries)
  local ids = {}
  for n = 1, #entries, 2 do ids[#ids + 1] = entries[n] end
  local records = fetch(msg, ids)
  for n = 1, #ids do
    local line = string.match(records[n] or "", "^[LO] (%S+) ")
    if not records[n] then
      tell("entry_missing", ids[n], names[i])
    elseif line and line ~= names[i] then
      tell("entry_misplaced", ids[n], names[i] .. " " .. line)
    end
  end
  return #ids
end
local at, checked = 1, 0
while at <= #due and checked < count do
  if cursor == "0" then checkLine(at, found[at], listed[at] == 1) end
  local page = redis.call("ZSCAN", due[at], cursor, "COUNT", count - checked)
  checked = checked + checkEntries(at, page[2])
  cursor = page[1]
  if cursor ~= "0" then break end
  at = at + 1
end
return told({ "=check_lines", at, "=" .. cursor, checked })`,
  decode: (reply) => ({
    line: reply.number(),
    cursor: reply.marked(),
    checked: reply.number(),
    told: readTold(reply),
  }),
});
