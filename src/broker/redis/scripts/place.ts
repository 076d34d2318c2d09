/** Places in a line, for scripts that are not in a hurry; by itself, as bundlers keep what they need not. */

import { LOOK_FOR_PLACE, TURN } from "./prelude.ts";

/** Sets `place`, which takes a look only where it must. */
export const PLACE = `${TURN}${LOOK_FOR_PLACE}
local look = place
place = function(key, ms)
  ms = math.min(ms, LATEST_MS)
  if not micro then return look(key, ms) end
  turn = turn + 1
  return ms * 1000 + micro + turn - 1
end`;
