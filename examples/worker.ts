// deno run -A examples/worker.ts
/** How does a long-running worker serve several queues, and stop without losing anything? */
// deno-lint-ignore-file no-console -- the output is what it shows
import { Dabba, defineTask } from "@dabba/queue";
import { z } from "zod";

const mail = defineTask(
  "mail.send",
  { input: z.string(), queue: "mail", timeout: "10s" },
  (to) => console.log(`Mail to ${to}`),
);

const report = defineTask("report.build", {
  input: z.string(),
  queue: "reports",
  timeout: "10m",
}, async (month, { signal, attempt }) => {
  console.log(`Report ${month}, attempt ${attempt}`);
  // Long work listens to its signal: it aborts when the worker stops or the lease is lost.
  await new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, 60_000);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
});

const dabba = new Dabba({
  tasks: { mail, report },
  on: {
    released: ({ task }) => console.log(`Handed back ${task}: no attempt was spent`),
    outage: ({ error }) => console.error(`The store is away: ${error.message}`),
  },
});
await dabba.tasks.mail.enqueueMany(["ada@example.com", "grace@example.com"]);
await dabba.tasks.report.enqueue("2030-01", { id: "report-2030-01" });

const worker = dabba.worker({
  queues: { mail: 3, reports: 1 }, // three of mail for one of reports, while both have work
  concurrency: 20,
  grace: "2s", // what handlers get to end after SIGINT or SIGTERM
});
const { succeeded, handedBack } = await worker.run(); // until SIGINT or SIGTERM
console.log(`${succeeded} done, ${handedBack} handed back`);
await dabba.close();
