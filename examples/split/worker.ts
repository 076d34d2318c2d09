// deno run -A examples/split/worker.ts
/** Where does the handler live? Beside its imports, joined with the contract. */
// deno-lint-ignore-file no-console -- the output is what it shows
import { Dabba } from "@dabba/queue";
import { join } from "node:path/posix";
import { thumbnail } from "./contracts.ts";

const make = thumbnail.handler(({ key, width }) => join("thumbnails", String(width), key));

const dabba = new Dabba({
  tasks: { thumbnail: make },
  on: { succeeded: ({ id, task }) => console.log(`${task} ${id} is done`) },
});
const { succeeded } = await dabba.worker().drain(); // or .run()
console.log(`${succeeded} done`);
await dabba.close();
