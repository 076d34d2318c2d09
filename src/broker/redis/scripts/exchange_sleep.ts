/** The part of the exchange that leaves the word of a worker which has looked in vain. */

import { MOST_SLEEPERS } from "../../wake.ts";

/**
 * `hide` keeps who asks right now out of sight, so that nobody calls it: it knows already. `sleep` then
 * leaves its word at so many lines, or takes it away; a newer one stays, and so does any elsewhere.
 */
export const SLEEP = `
local MOST_SLEEPERS = ${MOST_SLEEPERS}
local stored, own, me, look = {}, {}, string.match(sleeper, "^(.*)%.(%d+)$")
local function hide()
  for line, text in ipairs(words) do
    local stay = {}
    stored[line] = text
    for word, id, other in string.gmatch(text, "((%S+)%.(%d+))") do
      if id == me then own[line] = tonumber(other) else stay[#stay + 1] = word end
    end
    words[line] = table.concat(stay, " ")
  end
end
local function sleep(lines, idle)
  for line = 1, lines do
    if (own[line] or 0) <= tonumber(look) then own[line] = idle and tonumber(look) or nil end
  end
end
local function show()
  for line, text in ipairs(words) do
    local list = {}
    for word in string.gmatch(text, "%S+") do list[#list + 1] = word end
    if own[line] then list[#list + 1] = me .. "." .. integer(own[line]) end
    if #list > MOST_SLEEPERS then table.remove(list, 1) end
    text = table.concat(list, " ")
    if text ~= stored[line] then put(fields, "&" .. names[line], text) end
  end
end`;
