/** Looks at lines: their entries must have a message, and what says that they have work be right. */

import { readTold, type Told } from "../check_texts.ts";
import { defineScript, type Script } from "../script.ts";
import { LINE, MEND, TELL } from "./check_parts.ts";
import { BATCH, CLOCK, HINTS, PUT_HINTS, readHints } from "./prelude.ts";

/** Looks at entries of a line. */
const ENTRIES = `
local wanted = {}
for i = 1, #due do wanted[i] = "~" .. names[i] end
local found = fetch(msg, wanted)
${readHints("0")}
local listed = redis.call("SMISMEMBER", lines, unpack(names))

local function checkEntries(i, entries)
  local ids = {}
  for n = 1, #entries, 2 do ids[#ids + 1] = entries[n] end
  local records, leaves = fetch(msg, ids), {}
  for n = 1, #ids do
    local line = string.match(records[n] or "", "^[LO] (%S+) ")
    if not records[n] then
      tell("entry_missing", ids[n], names[i])
    elseif line and line ~= names[i] then
      tell("entry_misplaced", ids[n], names[i] .. " " .. line)
    end
    -- One that cannot be read is told of with the messages, where nobody knows that it is in this line.
    if line ~= names[i] then leaves[#leaves + 1] = ids[n] end
  end
  if mend and #leaves > 0 then send("ZREM", due[i], leaves) end
  return #ids
end`;

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
export const checkLinesScript: Script<CheckLinesArgs, CheckedLines> = linesScript(false);

/** The same, and mends. */
export const mendLinesScript: Script<CheckLinesArgs, CheckedLines> = linesScript(true);

function linesScript(mend: boolean): Script<CheckLinesArgs, CheckedLines> {
  const name = mend ? "mend_lines" : "check_lines";
  return defineScript({
    name,
    keys: ["version", "msg", "lines", "exp", "dead"],
    args: { cursor: "string", count: "number" },
    access: mend ? "release" : "read",
    body: `
local mend = ${mend}
${CLOCK}${BATCH}${HINTS}${TELL}${MEND}${LINE}${ENTRIES}
local at, checked = 1, 0
while at <= #due and checked < count do
  local begins = cursor == "0"
  local page = redis.call("ZSCAN", due[at], cursor, "COUNT", count - checked)
  checked = checked + checkEntries(at, page[2])
  cursor = page[1]
  -- Now that entries without a message are gone.
  if begins then checkLine(at, found[at], listed[at] == 1) end
  if cursor ~= "0" then break end
  at = at + 1
end
if mend then
  ${PUT_HINTS}
  mendAll()
  mendLines()
end
return told({ "=${name}", at, "=" .. cursor, checked })`,
    decode: (reply) => ({
      line: reply.number(),
      cursor: reply.marked(),
      checked: reply.number(),
      told: readTold(reply),
    }),
  });
}
