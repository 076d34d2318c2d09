/** Sends a bare PING and an enqueue in turn, one at a time, and says how long each takes. */

import { Dabba } from "../../../src/dabba.ts";
import { sayJson } from "../../support/lines.ts";
import { quantile } from "../turns.ts";
import { openWay, payload, send, type Way } from "../way.ts";

const { way, samples }: { way: Way & { kind: "http" }; samples: number } = JSON.parse(
  Deno.args[0]!,
);
await using opened = openWay(way);
const dabba = new Dabba({ broker: opened.broker, tasks: { send } });

async function ping(): Promise<void> {
  const response = await fetch(way.url, {
    method: "POST",
    headers: { "authorization": `Bearer ${way.token}`, "content-type": "application/json" },
    body: '["PING"]',
  });
  if ((await response.json()).result !== "PONG") throw new Error("The gateway answers no PING");
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await act();
  return performance.now() - startedAt;
}

const pings: number[] = [];
const enqueues: number[] = [];
for (let i = -samples / 5; i < samples; i++) {
  const pinged = await timed(ping);
  const enqueued = await timed(() => dabba.tasks.send.enqueue(payload(i)));
  if (i < 0) continue;
  pings.push(pinged);
  enqueues.push(enqueued);
}
sayJson({
  pingP50: quantile(pings, 0.5),
  pingP99: quantile(pings, 0.99),
  enqueueP50: quantile(enqueues, 0.5),
  enqueueP99: quantile(enqueues, 0.99),
});
await dabba.close();
