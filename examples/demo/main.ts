/**
 * The demo: pictures are resized and postcards are sent while you watch.
 *
 * ```sh
 * deno task demo
 * ```
 *
 * PORT chooses the port, HOST the address, DABBA_DEMO_DIR the folder of its files. With
 * UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN set, the queue is kept in Redis.
 */
// deno-lint-ignore-file no-console -- a command's output is its purpose

import { type Demo, startDemo } from "./demo.ts";
import { readSettings, type Settings } from "./settings.ts";

// Not left to the last open connection: a slow upload must not keep the demo from ending.
if (import.meta.main) Deno.exit(await main());

async function main(): Promise<number> {
  try {
    const settings = readSettings(Deno.env);
    const demo = await startDemo(settings, console.log);
    greet(settings, demo.url);
    stopOnSignal(demo);
    await demo.ended;
    console.log("Stopped. What was queued is kept.");
    return 0;
  } catch (error) {
    console.error(explain(error));
    return 1;
  }
}

function greet({ redis, folder }: Settings, url: URL): void {
  console.log(`Dabba demo on ${redis ? "Redis over HTTP" : `SQLite, in ${folder}/dabba.db`}`);
  console.log(`Open ${url.href}  (Ctrl+C stops it)`);
}

/** The first signal stops it gently; a second one ends it as if nobody listened. */
function stopOnSignal(demo: Demo): void {
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  const stop = () => {
    silence();
    console.log("Stopping: what runs may end, the rest is handed back …");
    demo.stop();
  };
  const silence = () => signals.forEach((signal) => Deno.removeSignalListener(signal, stop));
  signals.forEach((signal) => Deno.addSignalListener(signal, stop));
}

function explain(error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return "Cannot start the demo: its port is taken; choose another, such as PORT=8001";
  }
  return `The demo ended: ${error instanceof Error ? error.message : error}`;
}
