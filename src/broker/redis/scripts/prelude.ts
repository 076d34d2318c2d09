/**
 * Lua that several scripts share; each part is pasted in front of those that need it.
 *
 * What is to be said of the Lua of producers stands here, not in it: their bundles hold it as it is.
 */

/**
 * Binds `nowMs`, and `micro`: the microseconds within it, or nil by a caller's clock. Scores below
 * `dueBelow` are due. Microseconds are exact in a double until the year 2255; what is later than
 * `LATEST_MS` counts as then.
 */
export const CLOCK = `
local nowMs, micro = tonumber(clock), nil
if not nowMs then
  local time = redis.call("TIME")
  nowMs, micro = time[1] * 1000 + math.floor(time[2] / 1000), time[2] % 1000
end
local LATEST_MS = 8999999999999
local dueBelow = (nowMs + 1) * 1000
local function integer(number) return string.format("%d", number) end`;

const MIN_RETAIN_MS = 600_000;
/** How many looks at lines a batch makes by the server's clock: they are billed. */
const MOST_LOOKS = 16;

/** How many values a command takes at most: they go over Lua's stack, which ends at some 7,000. */
const CHUNK = 4_000;

/**
 * Commands over many values. `put` adds a field and its value to a list for HSET, or a score and its
 * member to one for ZADD; where it is done for each message of a batch, it is written out: a call for
 * each costs more than what it does.
 */
export const BATCH = `
local function send(command, key, values)
  for first = 1, #values, ${CHUNK} do
    redis.call(command, key, unpack(values, first, math.min(first + ${CHUNK - 1}, #values)))
  end
end
local function fetch(key, fields)
  local values = {}
  for first = 1, #fields, ${CHUNK} do
    local last = math.min(first + ${CHUNK - 1}, #fields)
    local part = redis.call("HMGET", key, unpack(fields, first, last))
    if #part == #fields then return part end
    for i = 1, #part do values[first + i - 1] = part[i] end
  end
  return values
end
local function put(list, a, b)
  local size = #list
  list[size + 1], list[size + 2] = a, b
end`;

/**
 * Reads and writes holds: who has a message, and what became of its deliveries. The fields of an
 * open one stand in the order in which `record.ts` describes them.
 *
 * `open` gives nothing for a message that has never been claimed, or has ended; and for one whose hold
 * cannot be read, which must not stop the line. Messages claimed together have the same hold and share
 * what comes of it: change a copy.
 */
export const HOLD = `
local STATE, CLAIM, SETTLED, REDRIVEN, FENCE, FAILURES, CRASHES, DUE, WORKER, CRASHED, PROGRESS,
  JOURNAL = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
local function open(text)
  if not text or text == "" then return end
  local hold = { string.match(text,
    "^(%a) (%S+) (%S+) (%S+) (%d+) (%d+) (%d+) (%d+) (%S+) (%S+) (%d) (.*)$") }
  return hold[1] and hold
end`;

/** Writes holds. */
export const CHANGE_HOLD = `
local function copy(hold) return { unpack(hold) } end
local function close(hold) return table.concat(hold, " ") end`;

/** Where the count of the dead letters stands among the fields of a hash. */
export const DEADS_FIELD = "$d";

/** Binds how many dead letters there are, and their bytes, as a text says. */
export function readDeads(text: string): string {
  return `
local deadCount, deadBytes = string.match(${text} or "", "^(%d+) (%d+)$")
deadCount, deadBytes = tonumber(deadCount or 0), tonumber(deadBytes or 0)`;
}

/**
 * Counts the dead letters: how many there are, and the bytes of their bodies and journals. What a
 * letter was counted as stands in its hold, where the claim of a live message does: it is taken off
 * as it was put on, and in the same write as the letter's new state.
 */
export const DEADS = `
local function weightOf(hold) return tonumber(string.sub(hold[CLAIM], 2)) or 0 end
local function undie(hold) deadCount, deadBytes = deadCount - 1, deadBytes - weightOf(hold) end
local function deads()
  deadCount = math.max(0, deadCount)
  deadBytes = deadCount == 0 and 0 or math.max(0, deadBytes)
  return integer(deadCount) .. " " .. integer(deadBytes)
end`;

/** Finds outcomes: gives line, nonce, op, settled, redriven of one that is still to be known. */
export const OVER = `
local function outcomeOf(record)
  local line, op, settled, redriven, forgetMs, nonce = string.match(record or "",
    "^O (%S+) %a (%S+) (%S+) (%S+) %d+ (%d+) %d+ %d+ %d+ %S+ %d+ (%S+) ")
  if line and tonumber(forgetMs) > nowMs then return line, nonce, op, settled, redriven end
end`;

/** Where the stock stands among the fields of a hash. */
export const STOCK_FIELD = "$";

/**
 * Binds the count of outcomes, as a text says: how many are kept, how many bytes of results, and from
 * which score of exp on there may be some to drop.
 */
export function readStock(text: string): string {
  return `
local count, kept, from = string.match(${text} or "", "^(%d+) (%d+) (%d+)$")
count, kept, from = tonumber(count or 0), tonumber(kept or 0), tonumber(from or 0)`;
}

/** The same as text again. */
export const STOCK = `string.format("%d %d %d", math.max(0, count), math.max(0, kept), from)`;

/** When an outcome is forgotten that is to be kept for `retainMs`. */
export const FORGET_AT = `
integer(math.min(nowMs + math.max(retainMs, ${MIN_RETAIN_MS}), LATEST_MS))`;

/** An outcome up to where messages begin to differ: line, state, op, settled, and `hold` are bound. */
export const OUTCOME_HEAD = `
string.format("O %s %s %s %s %s %d %s %s %s %s %s ", line, state, op, settled, hold[REDRIVEN], nowMs,
  forgetMs, hold[FENCE], hold[FAILURES], hold[CRASHES], hold[WORKER])`;

/**
 * Cancels messages for `op`: `fields` of msg and entries `exps` of exp are written at the end. The hold
 * is nil for one that was never claimed; `head` is what of the record outlives it. Its other fields are
 * emptied rather than deleted: that would be one command more, and trimming deletes them.
 */
export const FINISH = `
local NEVER_HELD = { "r", "/", "/", "/", "0", "0", "0", "0", "=", "=", "0", "" }
local fields, exps, forgetMs = {}, {}, ${FORGET_AT}
local function finish(id, line, head, result, hold)
  if hold then put(fields, id .. "!", "") end
  hold = hold or NEVER_HELD
  if hold[PROGRESS] == "1" then put(fields, id .. "%", "") end
  local state, settled = "c", hold[SETTLED]
  put(fields, id, ${OUTCOME_HEAD} .. head .. " " .. result)
  put(exps, forgetMs, id)
  count, kept = count + 1, kept + #result
end`;

/** What scores are worded with. */
export const DIGITS = `
local DIGITS, ten, tens = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9" }, nil, nil`;

/**
 * Words a score, as `tens .. DIGITS[last + 1]`. Scores follow each other, and formatting a number costs
 * more than all else that is done for an entry, so what ten of them begin with is kept.
 */
export const WORD_SCORE = `
local last = score % 10
if score - last ~= ten then ten, tens = score - last, integer((score - last) / 10) end`;

/**
 * Finds a place in a line, behind what is there: the score for an instant. By the server's clock no two
 * scripts share a microsecond, so what comes later stands behind by itself, one in `turn` after the
 * other; by a caller's clock, or at an instant that a caller named, it takes a look at the line,
 * by `place`: that is set by those alone who need it.
 */
export const TURN = `
local turn, place = 0, nil`;

/** Sets `place`, which takes a look. */
export const LOOK_FOR_PLACE = `
local placed, looks = {}, 0
place = function(key, ms)
  local at, start = key .. ms, ms * 1000
  local score = placed[at]
  if not score then
    score, looks = start, looks + 1
    if not micro or looks <= ${MOST_LOOKS} then
      local last = redis.call("ZRANGE", key, integer(start + 999), integer(start),
        "BYSCORE", "REV", "LIMIT", 0, 1, "WITHSCORES")
      if last[2] then score = last[2] + 1 end
    end
  end
  placed[at] = score + 1
  return math.min(score, start + 999)
end`;

/**
 * Keeps hints: for each line, a lower bound of when it has work, in microseconds; empty when it holds
 * nothing. They stand in the hash of the messages, so that they cost no command of their own. A line's
 * key is that of the messages, with "due:" and the line's name in the place of "msg".
 */
export const HINTS = `
local names, hints, known, touched = slice(due, 1, #due), nil, nil, {}
for i = 1, #due do names[i] = string.sub(due[i], #msg + 2) end
local function setHint(i, at)
  if hints[i] == at then return end
  hints[i] = at
  touched[i] = true
end`;

/** Keeps the hint of a line that something comes to. */
export const LOWER_HINT = `
local function lowerHint(i, at)
  if not hints[i] or at < hints[i] then setHint(i, at) end
end`;

/** Reads the hints, which stand in `found` behind `at`. */
export function readHints(at: string): string {
  return `
known, hints = slice(found, ${at} + 1, ${at} + #due), {}
for i = 1, #due do hints[i] = tonumber(known[i] or "") end`;
}

/** Looks for the first entry of line `i`. */
export const FIND_HINT =
  `setHint(i, tonumber(redis.call("ZRANGE", due[i], 0, 0, "WITHSCORES")[2]))`;

/** Adds the hints that have changed to `fields`, and names lines that are used for the first time. */
export const PUT_HINTS = `
local strangers = {}
for i = 1, #due do
  if touched[i] then
    put(fields, "~" .. names[i], hints[i] and integer(hints[i]) or "")
    if not known[i] then strangers[#strangers + 1] = names[i] end
  end
end`;
