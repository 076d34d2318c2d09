/** Plays one seed of the simulator: `deno run -A tests/simulation/main.ts 7`. */
// deno-lint-ignore-file no-console -- a command's output is its purpose

import { simulate } from "./simulate.ts";

console.log(await simulate(Number(Deno.args[0])));
