/** Lists dead letters, newest first. */

import { defineScript, type Script } from "../script.ts";
import { BATCH } from "./prelude.ts";
import { readStored, type Stored } from "./read.ts";

/** Says which letters: `after` is the score of the last one shown, or empty. */
export interface DeadArgs {
  readonly limit: number;
  readonly after: string;
}

/** Is a page; `next` is empty after the last one. */
export interface DeadFound {
  readonly total: number;
  readonly next: string;
  readonly letters: readonly Stored[];
}

/** Reads a page of letters; no two of them have the same score. */
export const deadScript: Script<DeadArgs, DeadFound> = defineScript({
  name: "dead",
  keys: ["version", "msg", "dead"],
  args: { limit: "number", after: "string" },
  access: "read",
  body: `
${BATCH}
local from = after == "" and "+inf" or "(" .. after
local found = redis.call("ZRANGE", dead, from, "-inf", "BYSCORE", "REV", "LIMIT", 0, limit + 1,
  "WITHSCORES")
local shown = math.min(limit, #found / 2)
local ids, wanted = {}, {}
for i = 1, shown do
  local id = found[2 * i - 1]
  ids[i] = id
  put(wanted, id, id .. "!")
  wanted[#wanted + 1] = id .. "%"
end
-- Without an exponent, which a large score would be given by Redis.
local next = #found / 2 > limit and string.format("%.0f", found[2 * limit]) or ""
local reply = { "=dead", redis.call("ZCARD", dead), "=" .. next, "=" .. table.concat(ids, " ") }
local letters = fetch(msg, wanted)
for i = 1, #wanted, 3 do
  put(reply, letters[i] or "", letters[i + 1] or "")
  reply[#reply + 1] = "=" .. (letters[i + 2] or "")
end
return reply`,
  decode: (reply) => ({
    total: reply.number(),
    next: reply.marked(),
    letters: reply.words().map((id) => readStored(reply, id)),
  }),
});
