/** `POST /drain` and `GET /drain`: a tick, for any platform whose cron can call a URL. */

import { checkTick, tickOnce, type TickOptions } from "../cron.ts";
import type { Dabba } from "../dabba.ts";
import { durationMs } from "../duration.ts";
import type { Producer } from "../producer/producer.ts";
import { DRAIN_BUDGET } from "../worker/worker.ts";
import { answer, type Serve } from "./answer.ts";
import { asOptions, RequestError } from "./errors.ts";
import { duration } from "./task_query.ts";
import { waitUntil } from "./wait_until.ts";

/** Makes the handler that drains; throws `TypeError` or `RangeError` for a bad option. */
export function serveDrain(dabba: Dabba | Producer, options: TickOptions): Serve {
  if (!("worker" in dabba)) {
    throw new TypeError(
      "Cannot serve /drain with a Producer: it has no worker; give a Dabba, or leave drain out",
    );
  }
  checkTick(dabba, options, "drain.budget");
  const mostMs = durationMs(options.budget ?? DRAIN_BUDGET);
  return async function drain(c) {
    const asked = c.req.query("budget");
    const budgetMs = asked === undefined
      ? mostMs
      : asOptions(() => Math.min(mostMs, durationMs(duration(asked), "budget")));
    const draining = tickOnce(dabba, { ...options, budget: budgetMs });
    // A cron that hangs up early must not cut the work short.
    waitUntil(c, draining.catch(() => {}));
    return answer(c, await draining, { status: 200 });
  };
}

/** Answers in the place of `/drain` where only enqueueing is done. */
export function refuseDrain(): never {
  const message = "This app only enqueues: call /drain of the one that has the handlers";
  throw new RequestError(404, "no_worker", message);
}
