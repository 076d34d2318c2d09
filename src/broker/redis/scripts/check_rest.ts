/** Looks at the dead, at what is to be forgotten, and at dedupe keys: each must speak of something. */

import { readTold, type Told } from "../check_texts.ts";
import { defineScript, type Script } from "../script.ts";
import { MEND, TELL } from "./check_parts.ts";
import { BATCH, CLOCK } from "./prelude.ts";

/** Looks at a page of each kind. */
const LOOK = `
local function checkKeys(found)
  local entries = {}
  for i = 1, #found, 2 do entries[#entries + 1] = "#" .. found[i] end
  local scores = scoresOf(exp, entries)
  local free = {}
  for i = 1, #entries do
    local key, score = found[2 * i - 1], scores[i]
    local untilMs = tonumber(string.match(found[2 * i], "^(%d+) %S+$") or "")
    if not untilMs or untilMs > LATEST_MS then
      tell("key_damaged", key)
      free[#free + 1] = key
      unexps[#unexps + 1] = entries[i]
    elseif not score then
      tell("key_unlisted", key)
      put(exps, integer(untilMs), entries[i])
    elseif tonumber(score) ~= untilMs then
      tell("key_mistimed", key, score)
      put(exps, integer(untilMs), entries[i])
    end
  end
  if mend and #free > 0 then send("HDEL", dedupe, free) end
end

local function checkEntries(found)
  local ids, keys = {}, {}
  for i = 1, #found, 2 do
    local key = string.match(found[i], "^#(.*)$")
    if key then keys[#keys + 1] = key else ids[#ids + 1] = found[i] end
  end
  local records, holders = fetch(msg, ids), fetch(dedupe, keys)
  local function miss(entry)
    tell("exp_missing", entry)
    unexps[#unexps + 1] = entry
  end
  for i = 1, #ids do
    if not records[i] then miss(ids[i]) end
  end
  for i = 1, #keys do
    if not holders[i] then miss("#" .. keys[i]) end
  end
end

-- By their scores: no two letters may have the same, or a page may skip one. Gives where to go on.
local function checkDead(found)
  local ids = {}
  for i = 1, math.min(count, #found / 2) do ids[i] = found[2 * i - 1] end
  local records = fetch(msg, ids)
  for i = 1, #ids do
    if not records[i] then
      tell("dead_missing", ids[i])
      undead[#undead + 1] = ids[i]
    end
  end
  for i = 2, #found / 2 do
    if found[2 * i] == found[2 * i - 2] and records[i] ~= false then
      tell("dead_shared", found[2 * i - 1], found[2 * i])
      deaths[#deaths + 1] = found[2 * i - 1]
    end
  end
  if #found / 2 <= count then return "0" end
  return (found[2] == found[#found] and "(" or "") .. found[#found]
end`;

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
export const checkRestScript: Script<CheckRestArgs, CheckedRest> = restScript(false);

/** The same, and mends. */
export const mendRestScript: Script<CheckRestArgs, CheckedRest> = restScript(true);

function restScript(mend: boolean): Script<CheckRestArgs, CheckedRest> {
  const name = mend ? "mend_rest" : "check_rest";
  return defineScript({
    name,
    keys: ["version", "msg", "exp", "dead", "dedupe"],
    args: { part: "string", cursor: "string", count: "number" },
    access: mend ? "release" : "read",
    body: `
local mend = ${mend}
${CLOCK}${BATCH}${TELL}${MEND}${LOOK}
local found
if part == "dead" then
  found = redis.call("ZRANGE", dead, cursor == "0" and "-inf" or cursor, "+inf", "BYSCORE", "LIMIT",
    0, count + 1, "WITHSCORES")
  cursor = checkDead(found)
else
  local page = part == "dedupe" and redis.call("HSCAN", dedupe, cursor, "COUNT", count)
    or redis.call("ZSCAN", exp, cursor, "COUNT", count)
  cursor, found = page[1], page[2]
  if part == "dedupe" then checkKeys(found) else checkEntries(found) end
end
if mend then mendAll() end
return told({ "=${name}", "=" .. cursor, #found / 2 })`,
    decode: (reply) => ({
      cursor: reply.marked(),
      checked: reply.number(),
      told: readTold(reply),
    }),
  });
}
