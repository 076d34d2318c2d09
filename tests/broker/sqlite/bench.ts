/**
 * Measures the SQLite broker on a file: `deno run -A tests/broker/sqlite/bench.ts`, with the number
 * of messages that already wait and `full` or `normal` as arguments.
 *
 * On two shared cores with an SSD, Deno 2.9, bodies of 300 bytes, random ids, synchronous `full`:
 *
 * | messages/s | none waiting | 500,000 waiting |
 * |---|---|---|
 * | push, batches of 100 | 57,000 | 29,000 |
 * | exchange: settle 100, claim 100 | 41,000 | 40,000 |
 * | push, alone | 5,000 | 5,000 |
 * | exchange: settle 1, claim 1 | 2,700 | 2,600 |
 */
// deno-lint-ignore-file no-console -- a command's output is its purpose
import type { Broker, Settlement } from "../../../src/broker/broker.ts";
import { sqliteBroker } from "../../../src/broker/sqlite/mod.ts";
import { randomId } from "../../../src/message/id.ts";
import { message, newChannel, succeed } from "../contract/messages.ts";
import { withTempFile } from "./temp_file.ts";

const BODY = "x".repeat(300);

if (import.meta.main) {
  const waiting = Number(Deno.args[0] ?? 0);
  const synchronous = Deno.args[1] === "normal" ? "normal" : "full";
  await withTempFile(async (path) => {
    const broker = sqliteBroker({ path, synchronous });
    for (let stored = 0; stored < waiting; stored += 1_000) await push(broker, 1_000);
    await measure("push, batches of 100", 300, 100, () => push(broker, 100));
    await measure("exchange of 100", 300, 100, exchanger(broker, 100));
    await measure("push, alone", 1_000, 1, () => push(broker, 1));
    await measure("exchange of 1", 1_000, 1, exchanger(broker, 1));
    await measure("probe", 10_000, 1, () => broker.probe(["q"]));
    await measure("stats", 5, 1, () => broker.stats());
    await broker.close();
  });
}

async function measure(
  what: string,
  calls: number,
  messagesEach: number,
  call: () => Promise<unknown>,
): Promise<void> {
  const startedAt = performance.now();
  for (let called = 0; called < calls; called++) await call();
  const ms = performance.now() - startedAt;
  const rate = Math.round(calls * messagesEach / ms * 1_000).toLocaleString("en-US");
  console.log(`${what.padEnd(22)}${rate.padStart(9)}/s  ${(ms / calls).toFixed(3)} ms a call`);
}

function push(broker: Broker, count: number): Promise<unknown> {
  const ids = Array.from({ length: count }, randomId);
  return broker.push(ids.map((id) => message({ id, body: BODY })));
}

/** Settles what the last call claimed and claims as many again. */
function exchanger(broker: Broker, count: number): () => Promise<void> {
  const channel = newChannel();
  let seq = 0;
  let settle: Settlement[] = [];
  return async () => {
    const { claimed } = await broker.exchange({
      ...{ channel, seq: ++seq, worker: "w", leaseMs: 30_000, settle, extend: [] },
      ...{ claim: { queues: ["q"], max: count }, trim: count, sweep: false },
    });
    if (claimed.length !== count) throw new Error(`Claimed ${claimed.length} of ${count}`);
    settle = claimed.map((delivery) => succeed(delivery, { result: "{}" }));
  };
}
