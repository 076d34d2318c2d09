/** Settles, renews and claims in one transaction. */

import type { ExchangeReply, ExchangeRequest } from "../broker.ts";
import type { Retention } from "../retention.ts";
import { prepareClaim } from "./claim.ts";
import { prepareEarliest } from "./earliest.ts";
import { prepareExtend } from "./extend.ts";
import { after } from "./instant.ts";
import { prepareSettle } from "./settle.ts";
import { answersOf, lettersOf, prepareSlots } from "./slot.ts";
import type { Sql } from "./sql.ts";
import { prepareTrimOutcomes, prepareTrimSlots } from "./trim.ts";

/** Prepares the operation; to be called inside a transaction that may write. */
export function prepareExchange(
  sql: Sql,
  retention: Retention,
): (request: ExchangeRequest, nowMs: number) => ExchangeReply {
  const settle = prepareSettle(sql);
  const extend = prepareExtend(sql);
  const claim = prepareClaim(sql);
  const slots = prepareSlots(sql);
  const earliest = prepareEarliest(sql);
  const trimOutcomes = prepareTrimOutcomes(sql, retention);
  const trimSlots = prepareTrimSlots(sql);
  return (request, nowMs) => {
    // First: what it frees makes room, in a full file, for what is written next.
    const trimAtMs = trimOutcomes(request.trim, nowMs);
    const slot = slots.find(request);
    const settled = answersOf(settle(request.settle, nowMs), request.seq, slot);
    const extended = extend(request.extend, after(nowMs, request.leaseMs));
    const { claimed, keys } = claim(request, slot, nowMs);
    // Also when nothing was taken: sent again, the request must not take what came since.
    const batch = slot?.seq === request.seq ? slot.keys : keys;
    slots.remember(request, { keys: batch, settled: lettersOf(settled) }, nowMs);
    // Last: a replay in this request still finds the slot that it may be about to trim.
    trimSlots(request.trim, nowMs);
    const nextDueAtMs = request.claim && earliest(request.claim.queues);
    return { nowMs, settled, extended, claimed, nextDueAtMs, trimAtMs };
  };
}
