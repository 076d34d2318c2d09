/** Lua that refuses keys which a script has not declared, put in front of the script's own. */

import type { Catalog } from "./catalog.ts";

/** They would need the lock of the whole database. */
const SWEEPING = ["FLUSHALL", "FLUSHDB"];

/**
 * One line without an end, so that what follows keeps its place: `redis` becomes a table whose
 * `call` and `pcall` look at the keys first. Where the keys of a command stand is written into it for
 * the commands that the script names; Redis is asked about any other.
 */
export function keyGuard(code: string, catalog: Catalog): string {
  const places: string[] = [];
  for (const name of new Set(code.match(/\b[A-Za-z]+\b/g)?.map((word) => word.toUpperCase()))) {
    const keys = catalog.keysOf(name);
    if (keys !== undefined) places.push(`["${name}"]={${keys.first},${keys.last},${keys.step}}`);
  }
  return GUARD.replace("PLACES", places.join(","))
    .replace("SWEEPING", SWEEPING.map((name) => `${name}=true`).join(","));
}

const GUARD = `
local redis = (function(redis, keys)
  local places, sweeping, declared = {PLACES}, {SWEEPING}, {}
  for i = 1, #keys do declared[keys[i]] = true end
  local function refuse(key)
    if type(key) == "number" then key = string.format("%.17g", key) end
    if declared[key] then return nil end
    return "ERR Dynamic keys are not allowed in Lua scripts when 'allow-key-locking' flag is set. " ..
      "Key was: " .. tostring(key)
  end
  local function check(name, ...)
    if type(name) ~= "string" then return nil end
    name = string.upper(name)
    if sweeping[name] then
      return "ERR " .. name .. " is not allowed in Lua scripts when 'allow-key-locking' flag is set"
    end
    local place = places[name]
    if place then
      if place[1] == 0 then return nil end
      local last = place[2] < 0 and select("#", ...) + 1 + place[2] or place[2]
      for at = place[1], math.min(last, select("#", ...)), place[3] do
        local refused = refuse((select(at, ...)))
        if refused then return refused end
      end
      return nil
    end
    local found = redis.pcall("COMMAND", "GETKEYS", name, ...)
    if type(found) ~= "table" or found.err then return nil end
    for i = 1, #found do
      local refused = refuse(found[i])
      if refused then return refused end
    end
    return nil
  end
  local function guard(call, fail)
    return function(...)
      local refused = check(...)
      if refused then return fail(redis.error_reply(refused)) end
      return (call(...))
    end
  end
  local function same(reply) return reply end
  return setmetatable({
    call = guard(redis.call, error), pcall = guard(redis.pcall, same),
  }, { __index = redis })
end)(redis, KEYS); `.trimStart().replaceAll(/\n\s*/g, " ");
