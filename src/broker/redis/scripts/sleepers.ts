/** The part of scripts that calls workers which sleep: see `wake.ts` of the contract. */

/**
 * A line's sleepers stand in the hash of the messages, `id.look id.look …`, the last one to look at
 * the end: read and written with what is read and written anyway, they cost no command of their own.
 *
 * `COMES` takes down in `came` what enters a line; `WAKE` takes the words of those that looked last,
 * unless it has been taken again, and adds what is left to the fields. What `PUBLISH` says is lost where
 * nobody listens, or where this user may not publish: no harm is done. The channel has the hash's name.
 */
export const COMES = `
local function comes(line, dueMs)
  local one = came[line] or { 0, dueMs }
  came[line], one[2] = one, math.min(one[2], dueMs)
  if dueMs <= nowMs then one[1] = one[1] + 1 end
end`;

/** Calls for what came; the words of each line stand in `words`, and whom to call in `calls`. */
export const WAKE = `
for line = 1, #due do
  local one = came[line]
  if one then
    local list, hint, call = {}, hints[line] or dueBelow
    for word in string.gmatch(words[line], "%S+") do list[#list + 1] = word end
    if one[1] == 0 then
      call = hint >= one[2] * 1000 and integer(one[2] - nowMs)
    elseif hint < dueBelow then
      local from = math.max(1, #list - one[1] + 1)
      call = "0 " .. table.concat(list, " ", from)
      words[line] = table.concat(list, " ", 1, from - 1)
      put(fields, "&" .. names[line], words[line])
    end
    if call and list[1] then calls = calls .. names[line] .. " " .. call .. "|" end
  end
end`;

/** Calls them, after all has been written. */
export const PUBLISH = `if calls ~= "" then redis.pcall("PUBLISH", msg, calls) end`;
