/** Serves the app on workerd by way of miniflare, visits it, and prints what came of it; for Node. */
// deno-lint-ignore-file no-console -- it answers on its output
// With "tick" after the bundle it has cron tick once, and visits nothing.
import process from "node:process";
import { startWorkerd } from "./miniflare.ts";
import { visit } from "./edge_visit.ts";

const workerd = startWorkerd(process.argv[2]!);

async function tick(): Promise<void> {
  const worker = await workerd.getWorker();
  const { outcome } = await worker.scheduled({ cron: "* * * * *" });
  if (outcome !== "ok") throw new Error(`scheduled() ended as ${outcome}`);
}

try {
  if (process.argv[3] === "tick") await tick();
  else {
    const fetch = (path: string, init?: RequestInit) => {
      return workerd.dispatchFetch(`http://worker.test${path}`, init);
    };
    console.log(JSON.stringify(await visit({ fetch, tick })));
  }
} finally {
  await workerd.dispose();
}
