/** How many messages a second a queue takes or works off: the same order of events for whosever it is. */

import { sayJson } from "../../support/lines.ts";
import type { Work } from "../way.ts";

/** Is what a program is told, beside where its queue is. */
export interface RateOrders {
  readonly act: "bulk" | "singles" | "process";
  readonly messages: number;
  /** How many go before the clock starts, so that what is measured runs as it does for long. */
  readonly warmUp: number;
  readonly concurrency: number;
  readonly work: Work;
}

/** Is what is measured. */
export interface MeasuredQueue {
  /** Enqueues so many. */
  enqueue(count: number): Promise<void>;
  /** Works off so many. */
  work(count: number): Promise<void>;
}

/** How many messages one call brings. */
const A_CALL = 1_000;

/** Calls for so many messages in all, with the number of the first and how many the call brings. */
export async function inCalls(
  count: number,
  call: (first: number, count: number) => Promise<unknown>,
): Promise<void> {
  for (let first = 0; first < count; first += A_CALL) {
    await call(first, Math.min(A_CALL, count - first));
  }
}

/** Does what is ordered, and says how many messages a second went. */
export async function sayRate(orders: RateOrders, queue: MeasuredQueue): Promise<void> {
  const { act, messages, warmUp } = orders;
  await queue.enqueue(warmUp);
  if (act === "process") {
    if (warmUp > 0) await queue.work(warmUp);
    await queue.enqueue(messages);
  }
  const startedAt = performance.now();
  await (act === "process" ? queue.work(messages) : queue.enqueue(messages));
  sayJson({ perSecond: messages / (performance.now() - startedAt) * 1_000 });
}
