/** Settles, renews and claims in one transaction. */

import type { ExchangeReply, ExchangeRequest } from "../broker.ts";
import { prepareClaim } from "./claim.ts";
import { prepareEarliest } from "./earliest.ts";
import { prepareExtend } from "./extend.ts";
import { prepareSettle } from "./settle.ts";
import type { Sql } from "./sql.ts";
import { prepareTrim } from "./trim.ts";

/** Prepares the operation; to be called inside a transaction that may write. */
export function prepareExchange(
  sql: Sql,
): (request: ExchangeRequest, nowMs: number) => ExchangeReply {
  const settle = prepareSettle(sql);
  const extend = prepareExtend(sql);
  const claim = prepareClaim(sql);
  const earliest = prepareEarliest(sql);
  const trim = prepareTrim(sql);
  return (request, nowMs) => {
    const settled = settle(request.settle, nowMs);
    const extended = extend(request.extend, nowMs + request.leaseMs);
    const claimed = claim(request, nowMs);
    // Last: a replay in this request still finds the slot that it may be about to trim.
    trim(request.trim, nowMs);
    const nextDueAtMs = request.claim && earliest(request.claim.queues);
    return { nowMs, settled, extended, claimed, nextDueAtMs };
  };
}
