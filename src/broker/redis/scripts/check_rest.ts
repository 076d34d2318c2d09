/** Looks at the dead, at what is to be forgotten, and at dedupe keys: each must speak of something. */

import { readTold, type Told } from "../check_texts.ts";
import { defineScript, type Script } from "../script.ts";
import { TELL } from "./check_parts.ts";
import { BATCH, CLOCK } from "./prelude.ts";

/** Says which key to look at, and where in it. */
export interface CheckRestArgs {
  readonly part: string;
  readonly cursor: string;
  readonly count: number;
}

/** Says where to go on; a cursor of "0" says that all has been seen. */
export interface CheckedRest {
  readonly cursor: string;
  readonly checked: number;
  readonly told: readonly Told[];
}

/** Looks at a page of one key. */
export const checkRestScript: Script<CheckRestArgs, CheckedRest> = defineScript({
  name: "check_rest",
  keys: ["version", "msg", "exp", "dead", "dedupe"],
  args: { part: "string", cursor: "string", count: "number" },
  access: "read",
  body: `
${CLOCK}${BATCH}${TELL}
local page = part == "dedupe" and redis.call("HSCAN", dedupe, cursor, "COUNT", count)
  or redis.call("ZSCAN", part == "dead" and dead or exp, cursor, "COUNT", count)
local found = page[2]

local function checkKeys()
  local entries = {}
  for i = 1, #found, 2 do entries[#entries + 1] = "#" .. found[i] end
  local scores = scoresOf(exp, entries)
  for i = 1, #entries do
    local key, score = found[2 * i - 1], scores[i]
    local untilMs = tonumber(string.match(found[2 * i], "^(%d+) %S+$") or "")
    if not untilMs or untilMs > LATEST_MS then
      tell("key_damaged", key)
    elseif not score then
      tell("key_unlisted", key)
    elseif tonumber(score) ~= untilMs then
      tell("key_mistimed", key, score)
    end
  end
end

local function checkEntries()
  local ids, keys = {}, {}
  for i = 1, #found, 2 do
    local key = part == "exp" and string.match(found[i], "^#(.*)$")
    if key then keys[#keys + 1] = key else ids[#ids + 1] = found[i] end
  end
  local records, holders = fetch(msg, ids), fetch(dedupe, keys)
  for i = 1, #ids do
    if not records[i] then tell(part .. "_missing", ids[i]) end
  end
  for i = 1, #keys do
    if not holders[i] then tell("exp_missing", "#" .. keys[i]) end
  end
end
if part == "dedupe" then checkKeys() else checkEntries() end
return told({ "=check_rest", "=" .. page[1], #found / 2 })`,
  decode: (reply) => ({
    cursor: reply.marked(),
    checked: reply.number(),
    told: readTold(reply),
  }),
});
