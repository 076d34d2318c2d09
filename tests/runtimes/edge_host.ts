/** Serves the app on Vercel's edge runtime, visits it, and prints what came of it; for Node. */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { visit } from "./edge_visit.ts";

/** What is used of edge-runtime; a name, so that only the folder it runs in need have it. */
interface EdgeRuntime {
  dispatchFetch(url: string, init?: RequestInit): Promise<Response>;
}

const name = "edge-runtime";
const { EdgeRuntime } = await import(name) as {
  EdgeRuntime: new (options: { initialCode: string }) => EdgeRuntime;
};
const [, , bundle = "", secret = ""] = process.argv;
const edge = new EdgeRuntime({ initialCode: await readFile(bundle, "utf8") });
const send = (path: string, init?: RequestInit) => {
  return edge.dispatchFetch(`http://edge.test${path}`, init);
};
const outcomes = await visit({
  fetch: send,
  async tick() {
    // As Vercel's cron: a GET with the secret of the project.
    const headers = { authorization: `Bearer ${secret}` };
    const response = await send("/dabba/drain", { headers });
    if (!response.ok) throw new Error(`The drain answers ${response.status}`);
  },
});
// It keeps its connections open for some seconds, and the process with them.
process.stdout.write(JSON.stringify(outcomes), () => process.exit(0));
