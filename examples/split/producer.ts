// deno run -A examples/split/producer.ts
/** How does code that only enqueues stay small? It imports the contract alone. */
// deno-lint-ignore-file no-console -- the output is what it shows
import { Dabba } from "@dabba/queue";
import { thumbnail } from "./contracts.ts";

const dabba = new Dabba({ tasks: { thumbnail } });
const receipt = await dabba.tasks.thumbnail.enqueue({ key: "cats/1.jpg", width: 320 });
console.log(`Enqueued ${receipt.id}: now run examples/split/worker.ts in the same folder`);
await dabba.close();
