/**
 * Shares a file with other processes: pushes messages under its own name, then works with the others
 * until nothing is left. Writes `pushed <id>`, `claimed <id> <fence>` and `settled <id>` once each is
 * so. Arguments: path, name, how many.
 */
import type { Delivery, Settlement } from "../../../src/broker/broker.ts";
import { sqliteBroker } from "../../../src/broker/sqlite/mod.ts";
import { message, newChannel, succeed } from "../contract/messages.ts";
import { sayLines } from "../../support/lines.ts";

const [path, name, count] = Deno.args as [string, string, string];
const broker = sqliteBroker({ path });
const channel = newChannel();
let seq = 0;
let settle: Settlement[] = [];

for (let first = 0; first < Number(count); first += 20) {
  const ids = Array.from({ length: 20 }, (_, index) => `${name}-${first + index}`);
  await broker.push(ids.map((id) => message({ id })));
  sayLines(ids.map((id) => `pushed ${id}`));
  await work();
}
while (await work() !== undefined) {
  // What is left is leased to the others: they settle it, or have done so by the next look.
  await new Promise((resolve) => setTimeout(resolve, 5));
}
await broker.close();

async function work(): Promise<number | undefined> {
  const reply = await broker.exchange({
    ...{ channel, seq: ++seq, worker: name, leaseMs: 60_000, settle, extend: [] },
    ...{ claim: { queues: ["q"], max: 30 }, trim: 0, sweep: false },
  });
  sayLines(
    settle.map(({ id }, index) => `${reply.settled[index] === "ok" ? "settled" : "lost"} ${id}`),
  );
  sayLines(reply.claimed.map(({ id, fence }: Delivery) => `claimed ${id} ${fence}`));
  settle = reply.claimed.map((delivery) => succeed(delivery));
  return reply.nextDueAtMs;
}
