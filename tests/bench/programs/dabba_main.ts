/** Enqueues or processes messages with Dabba, and says how many a second. */

import { Dabba } from "../../../src/dabba.ts";
import { doWork, openWay, payload, send, type Way } from "../way.ts";
import { inCalls, type RateOrders, sayRate } from "./rate.ts";

const orders: RateOrders & { way: Way } = JSON.parse(Deno.args[0]!);
await using opened = openWay(orders.way);
let left = 0;
let over = () => {};
const handler = send.handler(async () => {
  await doWork(orders.work);
  if (--left === 0) over();
});
const dabba = new Dabba({ broker: opened.broker, tasks: { send: handler } });

const payloads = (first: number, count: number) =>
  Array.from({ length: count }, (_, i) => payload(first + i));

async function enqueueInCalls(all: number): Promise<void> {
  const { call } = orders;
  await inCalls(
    { all, call },
    (first, count) => dabba.tasks.send.enqueueMany(payloads(first, count)),
  );
}

async function enqueueAtOnce(count: number): Promise<void> {
  await Promise.all(payloads(0, count).map((one) => dabba.tasks.send.enqueue(one)));
}

await sayRate(orders, {
  enqueue: orders.act === "singles" ? enqueueAtOnce : enqueueInCalls,

  async work(count) {
    left = count;
    const stop = new AbortController();
    over = () => stop.abort();
    const worker = dabba.worker({ concurrency: orders.concurrency, signals: false });
    const { succeeded } = await worker.run({ signal: stop.signal });
    if (succeeded !== count) throw new Error(`${succeeded} of ${count} messages have succeeded`);
  },
});
await dabba.close();
