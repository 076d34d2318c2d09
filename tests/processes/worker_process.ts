/**
 * A worker in a process of its own, that writes a line for whatever happens: what its handler sees, as
 * `begun`, `ended`, `aborted`, and every event. Its argument: `Orders` as JSON.
 */

import { Dabba } from "../../src/dabba.ts";
import type { DabbaEvents } from "../../src/events.ts";
import { sayJson } from "../support/lines.ts";
import type { Line } from "./ledger.ts";
import { openBroker, type Orders, work } from "./work.ts";

const orders: Orders = JSON.parse(Deno.args[0]!);
const say = (line: Line) => sayJson(line);

const task = work.handler(async ({ ms, deaf, fatal }, { id, attempt, fence, signal }) => {
  const about = { id, attempt, fence };
  say({ what: "begun", ...about });
  if (fatal) Deno.exit(42);
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, deaf ? 2 ** 31 - 1 : ms);
    signal.addEventListener("abort", () => {
      say({ what: "aborted", ...about, why: signal.reason.name });
      if (deaf) return;
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
  say({ what: "ended", ...about });
  return { pid: Deno.pid };
});

const dabba = new Dabba({ broker: openBroker(orders.store), tasks: { task } });
const names: (keyof DabbaEvents)[] = [
  ...["started", "succeeded", "retried", "released", "dead", "leaseLost", "outage"] as const,
];
for (const name of names) {
  dabba.on(name, (event) => say({ what: name, ...event as { id?: string; fence?: number } }));
}
const worker = dabba.worker(orders.worker);
const { budget } = orders;
const working = budget === undefined ? worker.run() : worker.drain({ budget });
say({ what: "ready" });
const summary = await working;
say({ what: "summary", ...summary });
await dabba.close();
// A handler that heeds no signal would keep the process alive, as it does after a drain: there the
// signal, passed on, is to end it.
if (budget === undefined) Deno.exit(0);
