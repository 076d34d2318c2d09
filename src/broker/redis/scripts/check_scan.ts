/** Names a page of what the hash of messages holds, so that the next script can declare its keys. */

import { defineScript, type Script } from "../script.ts";
import { BATCH } from "./prelude.ts";

/** Is one thing to look at: a message's id, `@` and a channel, or `~` and a line. */
export interface Subject {
  readonly name: string;
  /** The line that it is of; empty when that cannot be told. */
  readonly line: string;
}

/** Reads one page; a cursor of "0" begins, and says that all has been read. */
export const checkScanScript: Script<
  { readonly cursor: string; readonly count: number },
  { readonly cursor: string; readonly subjects: readonly Subject[] }
> = defineScript({
  name: "check_scan",
  keys: ["version", "msg"],
  args: { cursor: "string", count: "number" },
  access: "read",
  body: `
${BATCH}
local page = redis.call("HSCAN", msg, cursor, "COUNT", count)
local found, reply, owners, seen = page[2], { "=check_scan", "=" .. page[1], 0 }, {}, {}
local function add(name, line)
  if seen[name] then return end
  seen[name] = true
  put(reply, "=" .. name, "=" .. (line or ""))
end
for i = 1, #found, 2 do
  local field, mark = found[i], string.sub(found[i], 1, 1)
  local owner = string.match(field, "^(.*)[!%%]$")
  if field == "$" or field == "$d" or mark == "&" then
    -- How much is kept of outcomes, and of dead letters, and who sleeps: of no message.
  elseif mark == "@" then
    add(field)
  elseif mark == "~" then
    add(field, string.sub(field, 2))
  elseif owner then
    owners[#owners + 1] = owner
  else
    add(field, string.match(found[i + 1], "^[LO] (%S+) "))
  end
end
-- Of a hold, or a progress, only its message is looked at; one without a message is looked at here.
local records = fetch(msg, owners)
for i = 1, #owners do
  if not records[i] then add(owners[i]) end
end
reply[3] = (#reply - 3) / 2
return reply`,
  decode: (reply) => {
    const cursor = reply.marked();
    const subjects = Array.from({ length: reply.number() }, () => ({
      name: reply.marked(),
      line: reply.marked(),
    }));
    return { cursor, subjects };
  },
});
