/** Looks at messages, channels and hints: each must stand in exactly one place. */

import { readTold, type Told } from "../check_texts.ts";
import { defineScript, type Script } from "../script.ts";
import { LINE, MEND, TELL } from "./check_parts.ts";
import { PLACES, STATES } from "./check_states.ts";
import { BATCH, CLOCK, HINTS, HOLD, LOWER_HINT } from "./prelude.ts";
import { PLACE } from "./place.ts";

/** What a message must be, to be looked at as what it is; and channels. */
const SUBJECTS = `
local ENDED = "^O (%S+) [sec] %S+ %S+ %S+ %d+ (%d+) %d+ %d+ %d+ %S+ %d+ %S+ "
local function checkMessage(i, id)
  local record = found[3 * i - 2]
  if not record then
    -- Entries without a message are told of where they stand.
    if not found[3 * i - 1] and not found[3 * i] then return end
    tell("record_missing", id)
    return put(gone, id .. "!", id .. "%")
  end
  if not isId(id) then return tell("foreign", id) end
  if record == "" then
    tell("record_empty", id)
    return remove(i, id)
  end
  local line, atMs, delay = string.match(record, "^L (%S+) (%d+) %S+ (%d+) %d+ ")
  local forgetMs
  if not line then line, forgetMs = string.match(record, ENDED) end
  if not line or not isLine(line) or atMs and atMs + delay > LATEST_MS then
    tell("record_damaged", id, string.sub(record, 1, 80))
    return mendRecord(i, id, record)
  end
  -- Another message of this id has come, or come anew, since the page was read.
  if line ~= names[lineOf[i]] then return end
  if forgetMs then return checkEnded(i, id, tonumber(forgetMs)) end
  checkLive(i, id, atMs + delay)
end

local function checkSlot(i, name)
  local slot = found[3 * i - 2]
  if not slot then return end
  local usedMs = tonumber(string.match(slot, "^%d+ (%d+) ") or "")
  if not usedMs or usedMs > LATEST_MS then
    tell("slot_damaged", name)
    gone[#gone + 1] = name
    return leaveExp(i)
  end
  if not inExp[i] then
    tell("slot_unlisted", name)
    put(exps, integer(usedMs + SLOT_MS), name)
  elseif not sane(inExp[i]) or tonumber(inExp[i]) > LATEST_MS + SLOT_MS then
    tell("slot_mistimed", name, inExp[i])
    put(exps, integer(usedMs + SLOT_MS), name)
  end
end`;

/** What a check of messages is given. */
export interface CheckMessagesArgs {
  /** Names, as `Subject` has them. */
  readonly subjects: readonly string[];
  /** The number of the line of each, 0 where that could not be told. */
  readonly lineOf: readonly string[];
}

/** Looks at each subject as it is now; what has been replaced meanwhile is left alone. */
export const checkMessagesScript: Script<CheckMessagesArgs, readonly Told[]> = messagesScript(
  false,
);

/** The same, and mends. */
export const mendMessagesScript: Script<CheckMessagesArgs, readonly Told[]> = messagesScript(true);

function messagesScript(mend: boolean): Script<CheckMessagesArgs, readonly Told[]> {
  const name = mend ? "mend_messages" : "check_messages";
  return defineScript({
    name,
    keys: ["version", "msg", "lines", "exp", "dead"],
    args: { subjects: "list", lineOf: "list" },
    access: mend ? "release" : "read",
    body: `
local mend = ${mend}
${CLOCK}${BATCH}${HOLD}${PLACE}${HINTS}${LOWER_HINT}${TELL}${MEND}${LINE}${PLACES}${STATES}${SUBJECTS}
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
if mend then
  moveAll()
  mendAll()
  mendLines()
end
return told({ "=${name}" })`,
    decode: readTold,
  });
}
