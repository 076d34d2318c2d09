/** What the kit and the queue of values do on any runtime: bundled, and played by it. */

import { defineTask, type Schema } from "@dabba/queue";
import { openKv } from "@dabba/queue/kv-queue";
import { memoryBroker, testDabba } from "@dabba/queue/testing";

const number: Schema<number> = {
  "~standard": {
    ...{ version: 1, vendor: "test" },
    validate: (value) =>
      typeof value === "number" ? { value } : { issues: [{ message: "it is no number" }] },
  },
};

/** Walks a chain of retries, runs a message inline, and has values of all kinds delivered. */
export async function play(): Promise<string[]> {
  return [await chain(), await inline(), await values()];
}

async function chain(): Promise<string> {
  const options = { input: number, backoff: ["1m", "5m", "15m"] };
  const late = defineTask("late", options, (n, { attempt }) => {
    if (attempt < 4) throw new Error("not yet");
    return n + attempt;
  });
  await using kit = testDabba({ tasks: { late } });
  const receipt = await kit.tasks.late.enqueue(38, { delay: "3d" });
  const { retried, succeeded } = await kit.advance("73h");
  return `${retried} retried, ${succeeded} succeeded: ${await receipt.result()}`;
}

async function inline(): Promise<string> {
  const fail = defineTask("fail", { input: number }, (n) => {
    throw new RangeError(`${n} is too much`);
  });
  await using kit = testDabba({ tasks: { fail } }, { inline: true });
  const error: unknown = await kit.tasks.fail.enqueue(7).catch((error) => error);
  return error instanceof RangeError ? error.message : `it threw ${error}`;
}

async function values(): Promise<string> {
  await using db = await openKv({ broker: memoryBroker() });
  const got = Promise.withResolvers<[Map<string, bigint>, Uint8Array, Date]>();
  db.listenQueue((value) => got.resolve(value));
  await db.enqueue([new Map([["big", 2n ** 70n]]), new Uint8Array([0, 255]), new Date(5)]);
  const [map, bytes, date] = await got.promise;
  return `${map.get("big")} ${bytes.join()} ${date.toISOString()}`;
}
