/** Serves the app on workerd by way of miniflare, visits it, and prints what came of it; for Node. */
// deno-lint-ignore-file no-console -- it answers on its output
// With "tick" after the bundle it has cron tick once, and visits nothing.
import process from "node:process";
import { visit } from "./edge_visit.ts";

/** What is used of miniflare; a name, so that only the folder it runs in need have it. */
interface Miniflare {
  dispatchFetch(url: string, init?: RequestInit): Promise<Response>;
  getWorker(): Promise<{ scheduled(event: { cron: string }): Promise<{ outcome: string }> }>;
  dispose(): Promise<void>;
}

const name = "miniflare";
const { Miniflare } = await import(name) as {
  Miniflare: new (options: Record<string, unknown>) => Miniflare;
};
const workerd = new Miniflare({
  // By name, as wrangler does: the loader of SQLite holds an import that is not to be followed here.
  modules: [{ type: "ESModule", path: process.argv[2] }],
  compatibilityDate: "2026-07-01",
});
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
