/**
 * Pushes, claims and settles on a file until it is killed. Writes `pushed <id>` and `settled <id>`
 * once each is acknowledged. Argument: path.
 */
import type { Settlement } from "../../../src/broker/broker.ts";
import { sqliteBroker } from "../../../src/broker/sqlite/mod.ts";
import { message, newChannel, succeed } from "../contract/messages.ts";
import { sayLines } from "../../support/lines.ts";

const broker = sqliteBroker({ path: Deno.args[0]! });
const channel = newChannel();
let settle: Settlement[] = [];

for (let seq = 1;; seq++) {
  const ids = Array.from({ length: 5 }, () => crypto.randomUUID());
  await broker.push(ids.map((id) => message({ id, body: `body of ${id}` })));
  sayLines(ids.map((id) => `pushed ${id}`));
  const { settled, claimed } = await broker.exchange({
    ...{ channel, seq, worker: "w", leaseMs: 100, settle, extend: [], trim: 100, sweep: false },
    claim: { queues: ["q"], max: 4 },
  });
  sayLines(settle.flatMap(({ id }, index) => settled[index] === "ok" ? [`settled ${id}`] : []));
  settle = claimed.map((one) => succeed(one, { retainMs: 86_400_000, result: `of ${one.id}` }));
}
