/** Reads messages for display. */

import type { ReplyReader } from "../reply.ts";
import { defineScript, type Script } from "../script.ts";
import { BATCH, CLOCK } from "./prelude.ts";

/** All that is stored of one message; texts are empty where there is nothing. */
export interface Stored {
  readonly id: string;
  readonly record: string;
  readonly hold: string;
  readonly progress: string;
}

/** Takes what is stored of one message off a reply. */
export function readStored(reply: ReplyReader, id: string): Stored {
  return { id, record: reply.text(), hold: reply.text(), progress: reply.marked() };
}

/** Reads what is stored of messages. */
export const readScript: Script<
  { readonly ids: readonly string[] },
  { readonly nowMs: number; readonly stored: readonly Stored[] }
> = defineScript({
  name: "read",
  keys: ["version", "msg"],
  args: { ids: "list" },
  access: "read",
  body: `
${CLOCK}${BATCH}
local wanted, reply = {}, { "=read", nowMs }
for i = 1, #ids do
  put(wanted, ids[i], ids[i] .. "!")
  wanted[#wanted + 1] = ids[i] .. "%"
end
local found = fetch(msg, wanted)
for i = 1, #wanted, 3 do
  put(reply, found[i] or "", found[i + 1] or "")
  reply[#reply + 1] = "=" .. (found[i + 2] or "")
end
return reply`,
  decode: (reply, { ids }) => ({
    nowMs: reply.number(),
    stored: ids.map((id) => readStored(reply, id)),
  }),
});
