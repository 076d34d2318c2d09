/** Serves the bundle on workerd by way of miniflare, posts to it, and prints the answer; for Node. */
// deno-lint-ignore-file no-console -- it answers on its output
import process from "node:process";
import { startWorkerd } from "./miniflare.ts";

const workerd = startWorkerd(process.argv[2]!);
try {
  const init = { method: "POST" };
  const answer = await workerd.dispatchFetch("http://worker.test/greetings/Ada", init);
  console.log(JSON.stringify({ status: answer.status, body: await answer.json() }));
} finally {
  await workerd.dispose();
}
