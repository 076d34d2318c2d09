/** Stores new messages, unless their id or their key is taken. */

import { defineScript, type Script } from "../script.ts";
import {
  BATCH,
  CLOCK,
  DIGITS,
  HINTS,
  HOLD,
  LOOK_FOR_PLACE,
  OVER,
  PUT_HINTS,
  readHints,
  readStock,
  STOCK,
  STOCK_FIELD,
  TURN,
  WORD_SCORE,
} from "./prelude.ts";
import { PUBLISH } from "./sleepers.ts";

/** What a push is given. */
export interface PushArgs {
  /** The heads: number of the line, nonce, delay or `@` and instant, expiry or 0; see `Entries`. */
  readonly runs: readonly string[];
  /** The id of each message. */
  readonly ids: readonly string[];
  /** The body of each. */
  readonly bodies: readonly string[];
  /** Of those with a dedupe key: number of the message, how long, key. */
  readonly keyed: readonly string[];
}

/** What becomes of it. */
export interface Pushed {
  /** A letter for each message: `e` for enqueued, `d` for a duplicate. */
  readonly dispositions: string;
  /** Who was there first, for each duplicate. */
  readonly winners: readonly string[];
}

/** Says who has which key, and in `counts` whether that one still does. */
const KEYED = `
${HOLD}${OVER}
keyOf, ttlOf, holders, counts, taken, exps = {}, {}, {}, {}, {}, {}
local keys, owners = {}, {}
for i = 1, #keyed do
  local at, ttlMs, key = string.match(keyed[i], "^(%d+) (%d+) (.*)$")
  at = tonumber(at)
  keys[i], keyOf[at], ttlOf[at] = key, key, ttlMs
end
local held = fetch(dedupe, keys)
for i = 1, #keys do
  local untilMs, winner = string.match(held[i] or "", "^(%d+) (.*)$")
  if winner and tonumber(untilMs) > nowMs then
    holders[keys[i]] = winner
    put(owners, winner, winner .. "!")
  end
end
local states = fetch(msg, owners)
for i = 1, #owners, 2 do
  local record, hold = states[i] or "", open(states[i + 1])
  local expiresAtMs = string.match(record, "^L %S+ %d+ %S+ %d+ (%d+) ")
  local alive = expiresAtMs and (hold and hold[STATE] ~= "d"
    or not hold and (expiresAtMs == "0" or tonumber(expiresAtMs) > nowMs))
  local done = string.find(record, "^O %S+ s ") and outcomeOf(record)
  counts[owners[i]] = alive or done
end`;

/**
 * Decides about each message, one run of the same head after the other; a head is read once, and the
 * beginning of the records worded. By the server's clock, a head's messages begin at `start`.
 */
const DECIDE = `
local heads, i = {}, 0
for run = 1, #runs do
  local times, line, nonce, when, expiresInMs =
    string.match(runs[run], "^(%d+) (%d+) ?(%S*) ?(%S*) ?(%d*)$")
  local dueMs, start, record
  line = tonumber(line)
  if nonce == "" then
    line, nonce, dueMs, start, record = unpack(heads[line])
  else
    local at = string.match(when, "^@(.*)$")
    dueMs = math.min(at and math.max(tonumber(at), nowMs) or nowMs + when, LATEST_MS)
    start = micro and not (at and dueMs > nowMs) and dueMs * 1000 + micro or false
    if not start and not place then
      ${LOOK_FOR_PLACE}
    end
    local expiresAtMs = expiresInMs == "0" and 0 or math.min(nowMs + expiresInMs, LATEST_MS)
    record = string.format("L %s %d %s %d %d ", names[line], nowMs, nonce, dueMs - nowMs, expiresAtMs)
    heads[#heads + 1] = { line, nonce, dueMs, start, record }
  end
  local list, least = entries[line], hints[line]
  local size = #list
  for _ = 1, times do
    i = i + 1
    local id, key = ids[i], keyOf and keyOf[i]
    local earlier, holder, winner = added[id], key and holders[key], nil
    if found[i] and not earlier then
      ${OVER}
      local _, ended = outcomeOf(found[i])
      earlier = string.match(found[i], "^L %S+ %d+ (%S+) ") or ended
    end
    if earlier then
      if earlier ~= nonce then winner = id end
    elseif holder and (counts[holder] or added[holder]) then
      winner = holder
    else
      if key then
        local untilMs = math.min(nowMs + ttlOf[i], LATEST_MS)
        holders[key] = untilMs > nowMs and id or nil
        put(taken, key, integer(untilMs) .. " " .. id)
        put(exps, integer(untilMs), "#" .. key)
      end
      local score = start and start + turn or place(due[line], dueMs)
      turn = turn + 1
      if not least or score < least then
        least = score
        setHint(line, score)
      end
      ${WORD_SCORE}
      list[size + 1], list[size + 2] = tens .. DIGITS[last + 1], id
      fields[written + 1], fields[written + 2] = id, record .. bodies[i]
      size, written = size + 2, written + 2
      if found[i] then put(replaced, id, found[i]) end
      added[id] = nonce
    end
    if winner then dispositions[i], winners[#winners + 1] = "d", winner end
  end
end`;

/** Calls workers that sleep at the lines, as far as there is work for them; see `sleepers.ts`. */
const CALL = `
for i = 1, #due do
  local words, call = found[asked + #due + i] or "", nil
  if words ~= "" and entries[i][1] then
    local list = {}
    for word in string.gmatch(words, "%S+") do list[#list + 1] = word end
    if hints[i] < dueBelow then
      local from = math.max(1, #list - #entries[i] / 2 + 1)
      call = "0 " .. table.concat(list, " ", from)
      put(fields, "&" .. names[i], table.concat(list, " ", 1, from - 1))
    elseif touched[i] then
      call = integer(hints[i] / 1000 - nowMs)
    end
    if call then calls = calls .. names[i] .. " " .. call .. "|" end
  end
end`;

/** Stores new messages over outcomes past their time. */
const REPLACE = `
${readStock("found[#wanted]")}
local old = {}
for i = 1, #replaced, 2 do
  local result = string.match(replaced[i + 1], "^O" .. string.rep(" %S+", 13) .. " (.*)$") or ""
  old[#old + 1], count, kept = replaced[i], count - 1, kept - #result
end
send("ZREM", exp, old)
put(fields, "${STOCK_FIELD}", ${STOCK})`;

/**
 * Stores messages, all or none.
 *
 * The first write allocates, so a full Redis refuses the whole. The records come last: an entry of a
 * line without a record is removed by whoever finds it, but a record without an entry is lost. An
 * outcome past its time has no nonce, and a message that died, expired or was cancelled holds no key.
 */
export const pushScript: Script<PushArgs, Pushed> = defineScript({
  name: "push",
  keys: ["version", "msg", "lines", "exp", "dedupe"],
  args: { runs: "list", ids: "list", bodies: "list", keyed: "list" },
  access: "add",
  body: `
${CLOCK}${BATCH}${TURN}${DIGITS}${HINTS}
local asked, wanted, entries, calls = #ids, slice(ids, 1, #ids), {}, ""
for i = 1, #due do wanted[#wanted + 1] = "~" .. names[i] end
for i = 1, #due do wanted[#wanted + 1], entries[i] = "&" .. names[i], {} end
wanted[#wanted + 1] = "${STOCK_FIELD}"
local found = fetch(msg, wanted)
${readHints("asked")}
local keyOf, ttlOf, holders, counts, taken, exps
if keyed[1] then
  ${KEYED}
end
local added, replaced, fields, written, dispositions, winners = {}, {}, {}, 0, {}, {}
${DECIDE}${CALL}
for line = 1, #due do send("ZADD", due[line], entries[line]) end
if keyed[1] then
  send("HSET", dedupe, taken)
  send("ZADD", exp, exps)
end
if replaced[1] then
  ${REPLACE}
end
${PUT_HINTS}
send("SADD", lines, strangers)
send("HSET", msg, fields)
${PUBLISH}
for i = 1, winners[1] and asked or 0 do dispositions[i] = dispositions[i] or "e" end
return { "=push", "=" .. (winners[1] and table.concat(dispositions) or string.rep("e", asked)),
  "=" .. table.concat(winners, " ") }`,
  decode: (reply, { ids }) => ({
    dispositions: reply.letters(ids.length),
    winners: reply.words(),
  }),
});
