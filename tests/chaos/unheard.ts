/** Work that goes wrong in each way that Dabba tells the console of, while nobody listens. */

import type { Broker } from "../../src/broker/broker.ts";
import { Dabba } from "../../src/dabba.ts";
import { defineTask } from "../../src/task.ts";
import type { Schema } from "../../src/schema.ts";
import { passing } from "./jobs.ts";

/** A few words of each line that is to be told, so that silence is not taken for safety. */
const LINES = [
  "failed at attempt 1, the next one comes",
  "is a dead letter now",
  "TaskTimeoutError",
  "ValidationError",
  "UnserialisableError",
  "PayloadTooLargeError",
  'no handler of task "unheard.stranger"',
  "cannot use its store",
  "can use its store again",
  "what Dabba does not know",
];

/** Says which of the lines are missing from what the console was told. */
export function untold(lines: readonly string[]): string[] {
  return LINES.filter((words) => !lines.some((line) => line.includes(words)));
}

const OPTIONS = { input: passing<string>(), backoff: [1], queue: "unheard" };
const PAYLOAD_LIMIT = 2_000;

/** Enqueues a payload to tasks that fail in all ways, and works until each has given up. */
export async function workUnheard(
  broker: Broker,
  payload: string,
  beginTrouble: () => void,
): Promise<void> {
  let refusing = false;
  const fickle: Schema<string> = {
    "~standard": {
      version: 1,
      vendor: "rig",
      validate: (value) =>
        refusing ? { issues: [{ message: "it does not fit" }] } : { value: value as string },
    },
  };
  const tasks = {
    throws: defineTask("unheard.throws", OPTIONS, (input) => {
      throw Object.assign(new Error("it failed", { cause: input }), { input });
    }),
    hangs: defineTask("unheard.hangs", { ...OPTIONS, timeout: 5 }, () => new Promise(() => {})),
    refuses: defineTask("unheard.refuses", { ...OPTIONS, input: fickle }, () => {}),
    odd: defineTask("unheard.odd", OPTIONS, (input): unknown => ({ [input]: 1n })),
    large: defineTask("unheard.large", OPTIONS, (input) => input.repeat(PAYLOAD_LIMIT)),
  };
  const stranger = defineTask("unheard.stranger", OPTIONS);
  // The store is lent by who calls, and not closed.
  const producer = new Dabba({ broker, tasks: { ...tasks, stranger } });
  for (const task of Object.values(producer.tasks)) await task.enqueue(payload);
  refusing = true;
  const dabba = new Dabba({ broker, tasks, payloadLimit: PAYLOAD_LIMIT });
  beginTrouble();
  for (let dead = 0; dead < Object.keys(tasks).length;) {
    dead += (await dabba.worker().drain({ budget: "10s" })).dead;
  }
}
