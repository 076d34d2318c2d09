/** Starts workerd with a bundle, and says how long its first enqueue and later ones take; for Node. */
// deno-lint-ignore-file no-console -- it answers on its output
import process from "node:process";
import { startWorkerd } from "../../runtimes/miniflare.ts";

const [, , path = "", url = "", token = ""] = process.argv;
const startedAt = performance.now();
const workerd = startWorkerd(path, { URL: url, TOKEN: token });

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
