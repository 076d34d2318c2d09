/** Serves the bundle on workerd by way of miniflare, posts to it, and prints the answer; for Node. */
// deno-lint-ignore-file no-console -- it answers on its output
import process from "node:process";

/** What is used of miniflare; a name, so that only the folder it runs in need have it. */
interface Miniflare {
  dispatchFetch(url: string, init?: RequestInit): Promise<Response>;
  dispose(): Promise<void>;
}

const name = "miniflare";
const { Miniflare } = await import(name) as {
  Miniflare: new (options: Record<string, unknown>) => Miniflare;
};
const workerd = new Miniflare({
  modules: [{ type: "ESModule", path: process.argv[2] }],
  compatibilityDate: "2026-07-01",
});
try {
  const init = { method: "POST" };
  const answer = await workerd.dispatchFetch("http://worker.test/greetings/Ada", init);
  console.log(JSON.stringify({ status: answer.status, body: await answer.json() }));
} finally {
  await workerd.dispose();
}
