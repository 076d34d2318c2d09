/** Reads hints, for a client that can run nothing but scripts. */

import { defineScript, type Script } from "../script.ts";
import { BATCH } from "./prelude.ts";

/** Gives the hint of each line named, in microseconds, or nothing. */
export const probeScript: Script<
  { readonly lines: readonly string[] },
  readonly (number | undefined)[]
> = defineScript({
  name: "probe",
  keys: ["version", "msg"],
  args: { lines: "list" },
  access: "read",
  body: `
${BATCH}
local wanted = {}
for i = 1, #lines do wanted[i] = "~" .. lines[i] end
local reply, found = { "=probe" }, fetch(msg, wanted)
for i = 1, #wanted do reply[i + 1] = found[i] or "" end
return reply`,
  decode: (reply, { lines }) => lines.map(() => reply.maybe()),
});
