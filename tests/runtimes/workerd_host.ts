/** Serves the app on workerd by way of miniflare, visits it, and prints what came of it; for Node. */
// deno-lint-ignore-file no-console -- it answers on its output
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
try {
  const outcomes = await visit({
    fetch: (path, init) => workerd.dispatchFetch(`http://worker.test${path}`, init),
    async tick() {
      const worker = await workerd.getWorker();
      const { outcome } = await worker.scheduled({ cron: "* * * * *" });
      if (outcome !== "ok") throw new Error(`scheduled() ended as ${outcome}`);
    },
  });
  console.log(JSON.stringify(outcomes));
} finally {
  await workerd.dispose();
}
