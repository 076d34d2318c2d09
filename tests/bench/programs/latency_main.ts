/** Sends a PING and an enqueue in turn by one kind of client, one at a time, and says how long each takes. */

import { upstashClient } from "../../../src/broker/redis/mod.ts";
import { Dabba } from "../../../src/dabba.ts";
import { sayJson } from "../../support/lines.ts";
import { quantile } from "../turns.ts";
import { openWay, payload, send, type Way } from "../way.ts";

const { way, samples }: { way: Way & { kind: "http" }; samples: number } = JSON.parse(
  Deno.args[0]!,
);
await using opened = openWay(way);
const dabba = new Dabba({ broker: opened.broker, tasks: { send } });

// The client of the broker: what is measured is what Dabba adds, not what `fetch` alone would save.
const client = upstashClient({ url: way.url, token: way.token });

async function ping(): Promise<void> {
  if (await client.command!("PING") !== "PONG") throw new Error("The gateway answers no PING");
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
