/** How many bytes of Redis a waiting message takes, here and in BullMQ. */

import { Queue } from "bullmq";
import { Dabba } from "../../../src/dabba.ts";
import { figure, type Metric } from "../metric.ts";
import { Stage } from "../stage.ts";
import { BULLMQ_OPTIONS, openWay, payload, send } from "../way.ts";

const A_CALL = 1_000;

/** Is the metric. */
export const metric: Metric = {
  name: "memory_waiting",
  title: "Redis memory of a waiting message",
  async run({ short }) {
    const messages = short ? 20_000 : 100_000;
    await using stage = await Stage.open();
    const ours = await grown(stage, messages, async () => {
      await using opened = openWay(stage.http);
      const dabba = new Dabba({ broker: opened.broker, tasks: { send } });
      await eachCall(messages, (inputs) => dabba.tasks.send.enqueueMany(inputs));
    });
    await stage.clear();
    const bullmq = await grown(stage, messages, async () => {
      const queue = new Queue("bench", { connection: stage.redis });
      await eachCall(messages, (inputs) =>
        queue.addBulk(
          inputs.map((data) => ({ name: "email.send", data, opts: BULLMQ_OPTIONS })),
        ));
      await queue.close();
    });
    return [
      figure("Redis memory of a waiting message, BullMQ", [bullmq, "bytes"]),
      figure("Redis memory of a waiting message", [ours, "bytes"], {
        text: "≤ BullMQ's",
        holds: (bytes) => bytes <= bullmq,
      }),
    ];
  },
};

async function eachCall(
  messages: number,
  enqueue: (inputs: ReturnType<typeof payload>[]) => Promise<unknown>,
): Promise<void> {
  for (let at = 0; at < messages; at += A_CALL) {
    await enqueue(Array.from({ length: A_CALL }, (_, i) => payload(at + i)));
  }
}

async function grown(stage: Stage, messages: number, act: () => Promise<void>): Promise<number> {
  const before = await stage.usedBytes();
  await act();
  return (await stage.usedBytes() - before) / messages;
}
