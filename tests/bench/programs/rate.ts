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
  /** How many messages one call enqueues. @default 1_000 */
  readonly call?: number | undefined;
  readonly work: Work;
}

/** Is what is measured. */
export interface MeasuredQueue {
  /** Enqueues so many. */
  enqueue(count: number): Promise<void>;
  /** Works off so many. */
  work(count: number): Promise<void>;
}

/** Enqueues so many messages in all, told the number of the first and how many a call brings. */
export async function inCalls(
  { all, call = 1_000 }: { readonly all: number } & Pick<RateOrders, "call">,
  enqueue: (first: number, count: number) => Promise<unknown>,
): Promise<void> {
  for (let first = 0; first < all; first += call) {
    await enqueue(first, Math.min(call, all - first));
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
