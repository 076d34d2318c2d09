/** The part of the exchange that leaves the word of a worker which has looked in vain. */

import { MOST_SLEEPERS } from "../../wake.ts";

/** Keeps who asks right now out of sight, so that nobody calls it: it knows already. */
export const HIDE = `
local me, look = string.match(sleeper, "^(.*)%.(%d+)$")
local stored, own
if me then
  stored, own, look = slice(words, 1, #words), {}, tonumber(look)
  for line = 1, #words do
    local text = words[line]
    if text ~= "" then
      local stay = {}
      for word, id, other in string.gmatch(text, "((%S+)%.(%d+))") do
        if id == me then own[line] = tonumber(other) else stay[#stay + 1] = word end
      end
      words[line] = table.concat(stay, " ")
    end
  end
end`;

/**
 * Leaves its word at the lines it asked, or takes it away; a newer one stays, and so does any elsewhere.
 */
export const SLEEP = `
if me then
  if max > 0 and slot.seq <= seq then
    local idle = #batch < max
    for line = 1, asked do idle = idle and not (hints[line] and hints[line] < dueBelow) end
    for line = 1, asked do
      if (own[line] or 0) <= look then own[line] = idle and look or nil end
    end
  end
  for line = 1, #words do
    local text = words[line]
    if text ~= "" or own[line] or stored[line] ~= "" then
      local list = {}
      for word in string.gmatch(text, "%S+") do list[#list + 1] = word end
      if own[line] then list[#list + 1] = me .. "." .. integer(own[line]) end
      if #list > ${MOST_SLEEPERS} then table.remove(list, 1) end
      text = table.concat(list, " ")
      if text ~= stored[line] then put(fields, "&" .. names[line], text) end
    end
  end
end`;
