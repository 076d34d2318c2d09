/** The part of the exchange that forgets what is past its time. */

/** Runs last, so that a replay in the same request still finds what it needs. */
export const TRIM = `
  local past = redis.call("ZRANGE", exp, "-inf", integer(nowMs), "BYSCORE", "LIMIT", 0, trim)
  local gone, forgotten, keys, channels, later = {}, {}, {}, {}, {}
  for i = 1, #past do
    local mark, name = string.sub(past[i], 1, 1), string.sub(past[i], 2)
    if mark == "@" then
      channels[#channels + 1] = past[i]
    else
      forgotten[#forgotten + 1] = past[i]
      if mark == "#" then
        keys[#keys + 1] = name
      else
        put(gone, past[i], past[i] .. "!")
        gone[#gone + 1] = past[i] .. "%"
      end
    end
  end
  -- A channel is noted once, and used many times since: its slot says when it was used last.
  local slots = fetch(msg, channels)
  for i = 1, #channels do
    local usedMs = tonumber(string.match(slots[i] or "", "^%d+ (%d+)") or 0)
    if usedMs + SLOT_MS > nowMs then
      put(later, integer(usedMs + SLOT_MS), channels[i])
    else
      forgotten[#forgotten + 1] = channels[i]
      gone[#gone + 1] = channels[i]
    end
  end
  if #forgotten > 0 then send("ZREM", exp, forgotten) end
  if #gone > 0 then send("HDEL", msg, gone) end
  if #keys > 0 then send("HDEL", dedupe, keys) end
  if #later > 0 then send("ZADD", exp, later) end`;
