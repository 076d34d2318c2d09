/** Stores new messages, unless their id or their key is taken. */

import { defineScript, type Script } from "../script.ts";
import { BATCH, CLOCK, HINTS, HOLD, OUTCOME, PLACE, RUNS } from "./prelude.ts";
import { PUBLISH } from "./sleepers.ts";

/** What a push is given. */
export interface PushArgs {
  /** Number of the line, nonce, delay or `@` and instant, expiry or 0; see `Entries`. */
  readonly heads: readonly string[];
  readonly runs: readonly string[];
  /** Id and body of each message. */
  readonly messages: readonly string[];
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
  args: { heads: "list", runs: "list", messages: "list", keyed: "list" },
  access: "add",
  body: `
${CLOCK}${BATCH}${RUNS}${HOLD}${OUTCOME}${PLACE}${HINTS}
local words, calls = {}, ""
local asked, wanted = #messages / 2, {}
for i = 1, asked do wanted[i] = messages[2 * i - 1] end
for i = 1, #due do
  wanted[asked + i], wanted[asked + #due + i] = "~" .. names[i], "&" .. names[i]
end
wanted[#wanted + 1] = STOCK
local found = fetch(msg, wanted)
readStock(found[#wanted])
for i = 1, #due do
  readHint(i, found[asked + i])
  words[i] = found[asked + #due + i] or ""
end

local function nonceOf(record)
  if not record then return end
  local nonce = string.match(record, "^L %S+ %d+ (%S+) ")
  if nonce then return nonce end
  local _, ended = outcomeOf(record)
  return ended
end

local keyOf, ttlOf, holders, counts = {}, {}, {}, {}
local function readHolders()
  local keys, winners = {}, {}
  for i = 1, #keyed do
    local at, ttlMs, key = string.match(keyed[i], "^(%d+) (%d+) (.*)$")
    keyOf[tonumber(at)], ttlOf[tonumber(at)] = key, tonumber(ttlMs)
    keys[i] = key
  end
  local held = fetch(dedupe, keys)
  for i = 1, #keys do
    local untilMs, winner = string.match(held[i] or "", "^(%d+) (.*)$")
    if winner and tonumber(untilMs) > nowMs then
      holders[keys[i]] = winner
      put(winners, winner, winner .. "!")
    end
  end
  local states = fetch(msg, winners)
  for i = 1, #winners, 2 do
    local record, hold = states[i] or "", open(states[i + 1])
    local expiresAtMs = string.match(record, "^L %S+ %d+ %S+ %d+ (%d+) ")
    local alive = expiresAtMs and (hold and hold[STATE] ~= "d"
      or not hold and (expiresAtMs == "0" or tonumber(expiresAtMs) > nowMs))
    local done = string.find(record, "^O %S+ s ") and outcomeOf(record)
    counts[winners[i]] = alive or done
  end
end
if #keyed > 0 then readHolders() end

local function readHead(text)
  local line, nonce, when, expiresInMs = string.match(text, "^(%d+) (%S+) (%S+) (%d+)$")
  local named = string.sub(when, 1, 1) == "@"
  local dueMs = named and math.max(tonumber(string.sub(when, 2)), nowMs) or nowMs + when
  dueMs, line = math.min(dueMs, LATEST_MS), tonumber(line)
  local expiresAtMs = expiresInMs == "0" and 0 or math.min(nowMs + expiresInMs, LATEST_MS)
  return { line = line, nonce = nonce, dueMs = dueMs, named = named and dueMs > nowMs,
    record = table.concat({ "L", names[line], nowMs, nonce, dueMs - nowMs, expiresAtMs, "" }, " ") }
end
for i = 1, #heads do heads[i] = readHead(heads[i]) end
local head = headOf(heads, runs)

local added, entries, replaced, taken = {}, {}, {}, {}
for i = 1, #due do entries[i] = {} end
local function takeKey(key, ttlMs, id)
  local untilMs = math.min(nowMs + ttlMs, LATEST_MS)
  holders[key] = untilMs > nowMs and id or nil
  put(taken, key, integer(untilMs) .. " " .. id)
  put(exps, integer(untilMs), "#" .. key)
end
local function decide(i)
  local id, head, key = messages[2 * i - 1], head[i], keyOf[i]
  local before = added[id] or found[i] and nonceOf(found[i])
  if before then return before == head.nonce, id end
  local holder = key and holders[key]
  if holder and (counts[holder] or added[holder]) then return false, holder end
  if key then takeKey(key, ttlOf[i], id) end
  local line = head.line
  local score = place(due[line], head.dueMs, head.named)
  put(entries[line], integer(score), id)
  lowerHint(line, score)
  put(fields, id, head.record .. messages[2 * i])
  if found[i] then
    replaced[#replaced + 1] = id
    count, kept = count - 1, kept - resultBytes(found[i])
  end
  added[id] = head.nonce
  return true
end
local dispositions, winners = {}, {}
for i = 1, asked do
  local enqueued, winner = decide(i)
  dispositions[i] = enqueued and "e" or "d"
  if not enqueued then winners[#winners + 1] = winner end
end
for i = 1, #due do
  local list, call = {}, touched[i] and integer(math.floor(hints[i] / 1000) - nowMs)
  for word in string.gmatch(words[i], "%S+") do list[#list + 1] = word end
  if entries[i][1] and list[1] and hints[i] < dueBelow then
    local from = math.max(1, #list - #entries[i] / 2 + 1)
    call = "0 " .. table.concat(list, " ", from)
    put(fields, "&" .. names[i], table.concat(list, " ", 1, from - 1))
  end
  if call and list[1] and entries[i][1] then calls = calls .. names[i] .. " " .. call .. "|" end
end

for line = 1, #due do send("ZADD", due[line], entries[line]) end
if #taken > 0 then send("HSET", dedupe, taken) end
if #exps > 0 then send("ZADD", exp, exps) end
if #replaced > 0 then send("ZREM", exp, replaced) end
if #replaced > 0 then put(fields, STOCK, stock()) end
local unknown = putHints(fields)
if #unknown > 0 then send("SADD", lines, unknown) end
if #fields > 0 then send("HSET", msg, fields) end
${PUBLISH}
return { "=push", "=" .. table.concat(dispositions), "=" .. table.concat(winners, " ") }`,
  decode: (reply, { messages }) => ({
    dispositions: reply.letters(messages.length / 2),
    winners: reply.words(),
  }),
});
