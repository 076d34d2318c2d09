/** Enqueues or processes messages with Dabba, and says how many a second. */

import { Dabba } from "../../../src/dabba.ts";
import { doWork, openWay, payload, send, type Way, type Work } from "../way.ts";

/** Is what the program is told. */
interface Orders {
  readonly way: Way;
  readonly act: "bulk" | "singles" | "process";
  readonly messages: number;
  /** How many go before the clock starts, so that what is measured runs as it does for long. */
  readonly warmUp: number;
  readonly concurrency: number;
  readonly work: Work;
}

/** How many inputs one call brings; BullMQ is given as many. */
const A_CALL = 1_000;

const orders: Orders = JSON.parse(Deno.args[0]!);
await using opened = openWay(orders.way);
let left = 0;
let over = () => {};
const handler = send.handler(async () => {
  await doWork(orders.work);
  if (--left === 0) over();
});
const dabba = new Dabba({ broker: opened.broker, tasks: { send: handler } });

async function enqueue(count: number): Promise<void> {
  for (let at = 0; at < count; at += A_CALL) {
    const length = Math.min(A_CALL, count - at);
    await dabba.tasks.send.enqueueMany(Array.from({ length }, (_, i) => payload(at + i)));
  }
}

async function enqueueAtOnce(count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, i) => dabba.tasks.send.enqueue(payload(i))));
}

async function work(count: number): Promise<void> {
  left = count;
  const stop = new AbortController();
  over = () => stop.abort();
  const worker = dabba.worker({ concurrency: orders.concurrency, signals: false });
  const { succeeded } = await worker.run({ signal: stop.signal });
  if (succeeded !== count) throw new Error(`${succeeded} of ${count} messages have succeeded`);
}

async function timed(act: () => Promise<void>, count: number): Promise<number> {
  const startedAt = performance.now();
  await act();
  return count / (performance.now() - startedAt) * 1_000;
}

async function measure(): Promise<number> {
  const { act, messages, warmUp } = orders;
  if (act === "singles") {
    await enqueueAtOnce(warmUp);
    return await timed(() => enqueueAtOnce(messages), messages);
  }
  await enqueue(warmUp);
  if (act === "bulk") return await timed(() => enqueue(messages), messages);
  if (warmUp > 0) await work(warmUp);
  await enqueue(messages);
  return await timed(() => work(messages), messages);
}

const perSecond = await measure();
await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify({ perSecond })}\n`));
await dabba.close();
