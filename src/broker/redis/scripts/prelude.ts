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

/**
 * Commands over many values: they go over Lua's stack, which ends at some 7,000. `put` adds a field and
 * its value to a list for HSET, or a score and its member to one for ZADD.
 */
export const BATCH = `
local CHUNK = 4000
local function send(command, key, values)
  for first = 1, #values, CHUNK do
    redis.call(command, key, unpack(values, first, math.min(first + CHUNK - 1, #values)))
  end
end
local function fetch(key, fields)
  if #fields == 0 then return {} end
  if #fields <= CHUNK then return redis.call("HMGET", key, unpack(fields)) end
  local values = {}
  for first = 1, #fields, CHUNK do
    local last = math.min(first + CHUNK - 1, #fields)
    local part = redis.call("HMGET", key, unpack(fields, first, last))
    for i = 1, #part do values[first + i - 1] = part[i] end
  end
  return values
end
local function put(list, a, b)
  local size = #list
  list[size + 1] = a
  list[size + 2] = b
end`;

/** Gives each entry its head; see `Entries`. */
export const RUNS = `
local function headOf(heads, runs)
  local list, at = {}, 0
  for i = 1, #runs do
    local head, count = string.match(runs[i], "^(%d+) (%d+)$")
    head = heads[tonumber(head)]
    for _ = 1, count do
      at = at + 1
      list[at] = head
    end
  end
  return list
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
local HOLD = "^(%a) (%S+) (%S+) (%S+) (%d+) (%d+) (%d+) (%d+) (%S+) (%S+) (%d) (.*)$"
local opened = {}
local function open(text)
  if not text or text == "" then return end
  local hold = opened[text]
  if hold == nil then
    hold = { string.match(text, HOLD) }
    if not hold[1] then hold = false end
    opened[text] = hold
  end
  return hold or nil
end
local function copy(hold) return { unpack(hold) } end
local function close(hold) return table.concat(hold, " ") end`;

/** Reads how many dead letters there are, and their bytes. */
export const DEAD_COUNT = `
local DEADS, deadCount, deadBytes = "$d", 0, 0
local function readDeads(text)
  local letters, bytes = string.match(text or "", "^(%d+) (%d+)$")
  deadCount, deadBytes = tonumber(letters or 0), tonumber(bytes or 0)
end`;

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

/**
 * Writes outcomes over records, and finds them there.
 *
 * - `fields` of msg and entries `exps` of exp are written at the end;
 * - `outcomeHead` words an outcome up to where messages begin to differ;
 * - the stock says how many outcomes are kept, how many bytes of results, and from which score of exp
 *   on there may be some to drop;
 * - `finish` ends a message, whose hold is nil if it was never claimed. Its other fields are emptied
 *   rather than deleted: that would be one command more, and trimming deletes them;
 * - `outcomeOf` gives line, nonce, op, settled, redriven of an outcome that is still to be known.
 */
export const OUTCOME = `
local MIN_RETAIN_MS = 600000
local NEVER_HELD = { "r", "/", "/", "/", 0, 0, 0, 0, "=", "=", "0", "" }
local fields, exps = {}, {}
local function forgetAt(retainMs)
  return integer(math.min(nowMs + math.max(retainMs, MIN_RETAIN_MS), LATEST_MS))
end
local function outcomeHead(line, state, op, settled, hold, forgetMs)
  hold = hold or NEVER_HELD
  return table.concat({ "O", line, state, op, settled, hold[REDRIVEN], nowMs, forgetMs, hold[FENCE],
    hold[FAILURES], hold[CRASHES], hold[WORKER], "" }, " ")
end
local STOCK, RESULT = "$", "^O" .. string.rep(" %S+", 13) .. " ()"
local count, kept, from, ended = 0, 0, 0, false
local function readStock(text)
  count, kept, from = string.match(text or "0 0 0", "^(%d+) (%d+) (%d+)$")
  count, kept, from = tonumber(count or 0), tonumber(kept or 0), tonumber(from or 0)
end
local function stock()
  count, kept = math.max(0, count), math.max(0, kept)
  return integer(count) .. " " .. integer(kept) .. " " .. integer(from)
end
local function resultBytes(outcome)
  return #outcome + 1 - (string.match(outcome, RESULT) or #outcome + 1)
end
local function finish(id, outcome, hold, forgetMs, bytes)
  count, kept, ended = count + 1, kept + (bytes or resultBytes(outcome)), true
  put(fields, id, outcome)
  if hold then put(fields, id .. "!", "") end
  if hold and hold[PROGRESS] == "1" then put(fields, id .. "%", "") end
  put(exps, forgetMs, id)
end
local OUTCOME = "^O (%S+) %a (%S+) (%S+) (%S+) %d+ (%d+) %d+ %d+ %d+ %S+ %d+ (%S+) "
local function outcomeOf(record)
  local line, op, settled, redriven, forgetMs, nonce = string.match(record or "", OUTCOME)
  if line and tonumber(forgetMs) > nowMs then return line, nonce, op, settled, redriven end
end`;

/**
 * Finds a place in a line, behind what is there: the score for an instant. By the server's clock no two
 * scripts share a microsecond, so what comes later stands behind by itself; by a caller's clock, or at
 * an instant that a caller named, it takes a look at the line. Looks are billed: a batch by the
 * server's clock makes a few at most.
 */
export const PLACE = `
local MOST_LOOKS = 16
local placed, turn, looks = {}, 0, 0
local function place(key, ms, named)
  ms = math.min(ms, LATEST_MS)
  local start = ms * 1000
  if micro and not named then
    turn = turn + 1
    return start + micro + turn - 1
  end
  local next = placed[key] or {}
  placed[key] = next
  if not next[ms] then
    next[ms] = start
    if not micro or looks < MOST_LOOKS then
      looks = looks + 1
      local last = redis.call("ZRANGE", key, integer(start + 999), integer(start),
        "BYSCORE", "REV", "LIMIT", 0, 1, "WITHSCORES")
      if last[2] then next[ms] = last[2] + 1 end
    end
  end
  local score = math.min(next[ms], start + 999)
  next[ms] = next[ms] + 1
  return score
end`;

/**
 * Keeps hints: for each line, a lower bound of when it has work, in microseconds; empty when it holds
 * nothing. They stand in the hash of the messages, so that they cost no command of their own.
 * `putHints` adds those that have changed to `fields`, and gives the names of lines that are used for
 * the first time; `findHint` looks for the first entry of a line.
 */
export const HINTS = `
local names, hints, known, touched = {}, {}, {}, {}
for i = 1, #due do names[i] = string.match(due[i], "}:due:(.*)$") end
local function readHint(i, value)
  known[i] = value ~= false
  hints[i] = tonumber(value or "")
end
local function setHint(i, at)
  if hints[i] == at then return end
  hints[i] = at
  touched[i] = true
end
local function lowerHint(i, at)
  if not hints[i] or at < hints[i] then setHint(i, at) end
end
local function putHints(fields)
  local unknown = {}
  for i in pairs(touched) do
    put(fields, "~" .. names[i], hints[i] and integer(hints[i]) or "")
    if not known[i] then unknown[#unknown + 1] = names[i] end
  end
  return unknown
end
local function findHint(i)
  setHint(i, tonumber(redis.call("ZRANGE", due[i], 0, 0, "WITHSCORES")[2]))
end`;
