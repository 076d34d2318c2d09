/** Starts workerd with a bundle, and says how long its first enqueue and later ones take; for Node. */
// deno-lint-ignore-file no-console -- it answers on its output
import process from "node:process";

/** What is used of miniflare; a name, so that only the folder it runs in need have it. */
interface Miniflare {
  readonly ready: Promise<unknown>;
  dispatchFetch(url: string): Promise<Response>;
  dispose(): Promise<void>;
}

const name = "miniflare";
const { Miniflare } = await import(name) as {
  Miniflare: new (options: Record<string, unknown>) => Miniflare;
};
const [, , path, url, token] = process.argv;
const startedAt = performance.now();
const workerd = new Miniflare({
  modules: [{ type: "ESModule", path }],
  bindings: { URL: url, TOKEN: token },
  compatibilityDate: "2026-07-01",
});

async function enqueue(): Promise<number> {
  const sentAt = performance.now();
  const answer = await workerd.dispatchFetch("http://worker.test/");
  const { disposition } = await answer.json();
  if (disposition !== "enqueued") throw new Error(`It answers ${answer.status}`);
  return performance.now() - sentAt;
}

try {
  await workerd.ready;
  const readyMs = performance.now() - startedAt;
  const firstMs = await enqueue();
  const later: number[] = [];
  for (let i = 0; i < 50; i++) later.push(await enqueue());
  const laterMs = later.toSorted((a, b) => a - b)[25];
  console.log(JSON.stringify({ readyMs, firstMs, laterMs }));
} finally {
  await workerd.dispose();
}
