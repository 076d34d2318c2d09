/** `POST /drain` and `GET /drain`: a tick, for any platform whose cron can call a URL. */

import { tickOnce, type TickOptions } from "../cron.ts";
import type { Dabba } from "../dabba.ts";
import { durationMs } from "../duration.ts";
import type { Producer } from "../producer/producer.ts";
import { checkRequests } from "../worker/allowance.ts";
import { DEFAULT_LEASE } from "../worker/options.ts";
import { checkMax } from "../worker/worker.ts";
import { answer, type Serve } from "./answer.ts";
import { asOptions } from "./errors.ts";
import { duration } from "./task_query.ts";
import { waitUntil } from "./wait_until.ts";

/** Makes the handler that drains; throws `TypeError` or `RangeError` for a bad option. */
export function serveDrain(dabba: Dabba | Producer, options: TickOptions): Serve {
  if (!("worker" in dabba)) {
    throw new TypeError(
      "Cannot serve /drain with a Producer: it has no worker; give a Dabba, or leave drain out",
    );
  }
  const { budget = "50s", max, requests, ...worker } = options;
  const mostMs = durationMs(budget, "drain.budget");
  checkMax(max);
  checkRequests(requests, mostMs, durationMs(worker.lease ?? DEFAULT_LEASE));
  // Only to check the options; with a name, nothing is drawn at random at module level.
  dabba.worker({ name: "drain", ...worker });
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
