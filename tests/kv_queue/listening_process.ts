/** Listens on a file until it is told to stop; says what its handler does. */
// deno-lint-ignore-file no-console -- a command's output is its purpose

import { openKv } from "../../src/kv_queue/mod.ts";

const db = await openKv(Deno.args[0]!);
db.listenQueue(async (value, { signal }) => {
  console.log(`begun ${value}`);
  const stopping = new Promise((resolve) => signal.addEventListener("abort", resolve));
  await (value === "patient" ? stopping : undefined);
  console.log(`done ${value}`);
}, { grace: "200ms" });
await db.enqueue("quick");
await db.enqueue("patient");
