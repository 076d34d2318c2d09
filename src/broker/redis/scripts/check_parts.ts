/** Lua that the scripts of a check share. */

/** Gathers findings: `tell` notes one, `told` gives them for the reply. */
export const TELL = `
local findings = {}
local function tell(code, id, text)
  local size = #findings
  findings[size + 1] = "=" .. code
  findings[size + 2] = "=" .. id
  findings[size + 3] = "=" .. (text or "")
end
local function told(reply)
  reply[#reply + 1] = #findings / 3
  for i = 1, #findings do reply[#reply + 1] = findings[i] end
  return reply
end
local LATEST_SCORE = LATEST_MS * 1000 + 999
local function isId(name) return #name <= 64 and string.find(name, "^[%w_.:-]+$") ~= nil end
local function isLine(name)
  return #name <= 66 and string.find(name, "^[%w_.:-]+:[hnl]$") ~= nil
end
-- Gives the score of each member; false where there is none.
local function scoresOf(key, members)
  if #members == 0 then return {} end
  return redis.call("ZMSCORE", key, unpack(members))
end
-- Gives a score as a number, or nothing when no message can have it.
local function sane(score)
  local number = tonumber(score)
  if number and number >= 0 and number <= LATEST_SCORE and number % 1 == 0 then return number end
end`;

/**
 * Gathers what is to be written, and writes it at the end, when told to mend; needs `TELL`. What is
 * taken away comes first, so that a full Redis lets it through.
 */
export const MEND = `
local fields, gone, exps, unexps = {}, {}, {}, {}
local deaths, undead = {}, {}
-- Behind what is there, without the times that cannot be; see \`buryAll\`.
local function buryAll()
  local last = redis.call("ZRANGE", dead, integer(LATEST_SCORE), 0, "BYSCORE", "REV", "LIMIT", 0, 1,
    "WITHSCORES")[2]
  local at = math.max(nowMs * 1000 + (micro or 0), last and last + 1 or 0)
  local scored = {}
  for i = 1, #deaths do put(scored, integer(at + i - 1), deaths[i]) end
  send("ZADD", dead, scored)
end
local function mendAll()
  if #unexps > 0 then send("ZREM", exp, unexps) end
  if #undead > 0 then send("ZREM", dead, undead) end
  if #gone > 0 then send("HDEL", msg, gone) end
  if #fields > 0 then send("HSET", msg, fields) end
  if #exps > 0 then send("ZADD", exp, exps) end
  if #deaths > 0 then buryAll() end
end`;

/** Looks at what says that a line has work; needs `HINTS` and `TELL`. */
export const LINE = `
local unknown, unused = {}, {}
local function forget(name)
  unused[#unused + 1] = name
  gone[#gone + 1] = "~" .. name
end
-- The hint that a line should have: also of a first entry whose score cannot be.
local function boundOf(first)
  local score = tonumber(first[2])
  return score and math.floor(math.max(0, math.min(score, LATEST_SCORE)))
end
local function show(i, first, listed)
  setHint(i, boundOf(first))
  touched[i] = true
  if not listed then unknown[#unknown + 1] = names[i] end
end
local function mendLines()
  if #unused > 0 then send("SREM", lines, unused) end
  if #unknown > 0 then send("SADD", lines, unknown) end
end
-- Once a line: what was read of its hint, and whether it is on the list.
local function checkLine(i, hint, listed)
  local name = names[i]
  local first = redis.call("ZRANGE", due[i], 0, 0, "WITHSCORES")
  if not isLine(name) then
    tell(first[1] and "line_used" or "line_name", name, first[1])
    if not first[1] then forget(name) end
  elseif hint and hint ~= "" and not string.find(hint, "^%d+$") then
    tell("line_hint", name, hint)
    show(i, first, listed)
  elseif first[1] and not listed then
    tell("line_unlisted", name)
    show(i, first, listed)
  elseif first[1] and (not hint or hint == "" or tonumber(hint) > boundOf(first)) then
    tell("line_hidden", name, hint or "")
    show(i, first, listed)
  elseif not first[1] and listed ~= (hint ~= false) then
    tell("line_half", name)
    forget(name)
  end
end`;
