/** The part of the exchange that hands messages over, the same ones again when asked again. */

import { SUSPECT_CRASHES } from "../../broker.ts";
import { WORD_SCORE } from "./prelude.ts";

/** How long it is kept what a channel was answered. */
export const SLOT_MS = 3_600_000;
/** A reply must get through a slow line before its deadline. */
const MOST_BYTES = 1_000_000;
const MOST_ROUNDS = 10;

/**
 * Reads the slot of a channel: its last request that claimed or settled, when that was, and, if it is
 * this very request, what it was answered.
 */
export const READ_SLOT = `
local slot, usedMs = {}, nil
slot.seq, usedMs = string.match(noted, "^(%d+) (%d+) ")
slot.seq, slot.used = tonumber(slot.seq or -1), usedMs ~= nil
local seqText
seq, seqText = tonumber(seq), seq
if slot.seq == seq then
  slot.settled, slot.ids, slot.told = string.match(noted, "^%d+ %d+ ([ol]*)/ ?([^/]*)(.*)$")
  if not slot.told then slot = { seq = -1, used = false } end
end`;

// Answers what the channel's last request was answered, as far as it is still held under it.
const REPEAT = `
local again = {}
for id in string.gmatch(slot.ids, "%S+") do
  if id == "*" then left = 1 else put(again, id, id .. "!") end
end
local found = fetch(msg, again)
for i = 1, #again, 2 do
  local id, seen = again[i], at[again[i]]
  local hold = seen and holds[seen]
  if hold == nil then hold = open(found[i + 1]) end
  if hold and hold[CLAIM] == mine and found[i] then
    put(reply, found[i], close(hold))
    batch[#batch + 1] = id
  end
end`;

// Finds what is due, at most max; the first entry that is not taken gives the line's next time.
const LOOK = `
local wanted, lasts, size, want = {}, {}, 0, max
for line = 1, asked do
  if want > 0 and hints[line] and hints[line] < dueBelow or sweep then
    local found = redis.call("ZRANGE", due[line], 0, want, "WITHSCORES")
    local n = math.min(want, #found / 2)
    while n > 0 and tonumber(found[2 * n]) >= dueBelow do n = n - 1 end
    for i = 1, 2 * n, 2 do
      wanted[size + 1], wanted[size + 2] = found[i], found[i] .. "!"
      size = size + 2
    end
    want = want - n
    setHint(line, tonumber(found[2 * n + 2]))
    leaves[line] = nil
  end
  lasts[line] = size
end`;

const LEASE = `
hold = copy(hold)
-- Due and still held: its lease ran out before it was settled. Of a parked one nobody knows that it
-- had begun.
local crashed = hold[STATE] == "h"
if crashed then hold[CRASHES] = hold[CRASHES] + 1 end
hold[CRASHED] = crashed and hold[WORKER] or "="
hold[STATE] = (taken >= begins or tonumber(hold[CRASHES]) >= ${SUSPECT_CRASHES}) and "p" or "h"
hold[CLAIM], hold[DUE], hold[WORKER] = mine, untilMs, "=" .. worker
hold[FENCE] = hold[FENCE] + 1`;

const TAKE = `
local found, first = fetch(msg, wanted), 1
local fresh = string.format(" %s / / 1 0 0 %d =%s = 0 ", mine, untilMs, worker)
local begun, waits = begins > 0 and "h" .. fresh, max > begins and "p" .. fresh
local bytes, taken, written = 0, 0, #fields
for line = 1, asked do
  local head, scored, missing, size = "L " .. names[line] .. " ", {}, {}, 0
  for i = first, lasts[line], 2 do
    local id, record, seen = wanted[i], found[i] or "", at[wanted[i]]
    local hold = seen and holds[seen]
    if hold == nil and found[i + 1] then hold = open(found[i + 1]) end
    local live = hold ~= false and string.find(record, head, 1, true) == 1
      and not (hold and hold[STATE] == "d")
    -- It may have begun when its worker vanished, unknown to all: the next time must be known.
    local doubtful = live and hold and taken >= begins
      and (hold[STATE] ~= "r" or tonumber(hold[CRASHES]) > 0)
    if not doubtful then bytes = bytes + #record end
    if doubtful or live and taken > 0 and bytes > ${MOST_BYTES} then
      -- It stays where it is, due since some time or other.
      lowerHint(line, 0)
      if doubtful then left = 1 end
    elseif live then
      local text, stored = "", taken < begins and begun or waits
      if hold then
        ${LEASE}
        text = close(hold)
        stored = text
      end
      fields[written + 1], fields[written + 2] = wanted[i + 1], stored
      written, taken = written + 2, taken + 1
      reply[2 * taken + 8], reply[2 * taken + 9], batch[taken] = record, text, id
      local score = micro and untilMs * 1000 + micro + turn or place(due[line], untilMs)
      if size == 0 then lowerHint(line, score) end
      turn = turn + 1
      ${WORD_SCORE}
      scored[size + 1], scored[size + 2] = tens .. DIGITS[last + 1], id
      size = size + 2
    else
      -- An entry of the line without a message: it would be found again and again.
      missing[#missing + 1] = id
    end
  end
  first = lasts[line] + 1
  send("ZADD", due[line], scored)
  if missing[1] then
    send("ZREM", due[line], missing)
    stale = true
  end
end`;

// Lines that turn out to be empty are forgotten, so that names used once do not pile up.
const FORGET_LINES = `
local unused, gone = {}, {}
for line = 1, asked do
  if known[line] and not hints[line] then
    unused[#unused + 1], gone[#gone + 1] = names[line], "~" .. names[line]
    touched[line] = nil
  end
end
if #gone > 0 then
  send("HDEL", msg, gone)
  send("SREM", lines, unused)
end`;

/**
 * Puts what is to be answered into `reply`, record and hold in turn, and the ids into `batch`. A late
 * request gets nothing: its caller has long awaited the reply to a newer one.
 */
export const CLAIM = `
local mine = channel .. "." .. seqText
if slot.seq == seq then
  ${REPEAT}
elseif slot.seq < seq then
  local stale, rounds = false, 0
  -- Behind entries without a message, which are gone now, there may be some with one.
  repeat
    ${LOOK}
    stale = false
    if wanted[1] then
      ${TAKE}
    end
    rounds = rounds + 1
  until batch[1] or not stale or rounds == ${MOST_ROUNDS}
  if sweep then
    ${FORGET_LINES}
  end
end`;

/**
 * Notes what is answered, also when nothing was taken: sent again, the request must not take what came
 * since, and others may have had what it settled.
 */
export const REMEMBER = `
if remembered and slot.seq <= seq then
  if not slot.used then put(exps, integer(nowMs + ${SLOT_MS}), "@" .. channel) end
  local ids = slot.seq == seq and slot.ids or left == 1 and taken .. " *" or taken
  if told ~= "" then ids = ids .. " " .. told end
  put(fields, "@" .. channel, string.format("%s %d %s/ %s", seqText, nowMs, answers, ids))
end`;
