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

/** Looks at what says that a line has work; needs `HINTS` and `TELL`. */
export const LINE = `
-- Once a line: what was read of its hint, and whether it is on the list.
local function checkLine(i, hint, listed)
  local name = names[i]
  local first = redis.call("ZRANGE", due[i], 0, 0, "WITHSCORES")
  if not isLine(name) then
    tell("line_name", name, first[1])
  elseif hint and hint ~= "" and not string.find(hint, "^%d+$") then
    tell("line_hint", name, hint)
  elseif first[1] and not listed then
    tell("line_unlisted", name)
  elseif first[1] and (not hint or hint == "" or tonumber(hint) > tonumber(first[2])) then
    tell("line_hidden", name, hint or "")
  elseif not first[1] and listed ~= (hint ~= false) then
    tell("line_half", name)
  end
end`;
