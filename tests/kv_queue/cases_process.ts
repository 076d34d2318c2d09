/** Plays the cases on Deno KV or on its successor, and prints what came of it as JSON. */
// deno-lint-ignore-file no-console -- a command's output is its purpose

import { openKv } from "../../src/kv_queue/mod.ts";
import { play } from "./cases.ts";

const real = (Deno as { openKv?: (path: string) => Promise<unknown> }).openKv;
const open = Deno.args[0] === "deno"
  ? () => real!(":memory:")
  : () => openKv(":memory:", { onError() {} });
console.log(JSON.stringify(await play(open)));
