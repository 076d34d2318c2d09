/** Names all lines, so that the next script can declare their keys. */

import { defineScript, type Script } from "../script.ts";

/** Names the lines that have been used. */
export const linesScript: Script<Record<never, never>, readonly string[]> = defineScript({
  name: "lines",
  keys: ["version", "lines"],
  args: {},
  access: "read",
  body: `
return { "=lines", "=" .. table.concat(redis.call("SMEMBERS", lines), " ") }`,
  decode: (reply) => reply.words(),
});
