// deno run -A examples/start.ts
/** What is the least that runs a task? */
// deno-lint-ignore-file no-console -- the output is what it shows
import { Dabba, defineTask } from "@dabba/queue";
import { z } from "zod";

const input = z.object({ email: z.email() });
const welcome = defineTask("email.welcome", { input }, ({ email }) => `Sent to ${email}`);
const dabba = new Dabba({ tasks: { welcome } }); // in dabba.db, or in Redis by the environment
const receipt = await dabba.tasks.welcome.enqueue({ email: "ada@example.com" });
await dabba.worker().drain(); // or .run(), for as long as the process lives

console.log(await receipt.result());
await dabba.close();
