/** Settles, renews and claims in one transaction. */

import type { ExchangeReply, ExchangeRequest } from "../broker.ts";
import type { Bounds } from "../bounds.ts";
import { isNearlyFull } from "../dead_bounds.ts";
import { prepareClaim } from "./claim.ts";
import { prepareDrop, prepareStock } from "./drop.ts";
import { prepareEarliest } from "./earliest.ts";
import { prepareExtend } from "./extend.ts";
import { after } from "./instant.ts";
import { prepareSettle } from "./settle.ts";
import { answersOf, lettersOf, prepareSlots, readTold, writeTold } from "./slot.ts";
import type { Sql } from "./sql.ts";
import { prepareTrimOutcomes, prepareTrimSlots } from "./trim.ts";

/** Prepares the operation; to be called inside a transaction that may write. */
export function prepareExchange(
  sql: Sql,
  { retention, deadLetters }: Bounds,
): (request: ExchangeRequest, nowMs: number) => ExchangeReply {
  const settle = prepareSettle(sql);
  const extend = prepareExtend(sql);
  const claim = prepareClaim(sql);
  const slots = prepareSlots(sql);
  const earliest = prepareEarliest(sql);
  const trimOutcomes = prepareTrimOutcomes(sql, retention);
  const trimSlots = prepareTrimSlots(sql);
  const drop = prepareDrop(sql, deadLetters);
  const stock = prepareStock(sql);
  return (request, nowMs) => {
    // First: what it frees makes room, in a full file, for what is written next.
    const trimAtMs = trimOutcomes(request.trim, nowMs);
    const slot = slots.find(request);
    // A request that has come again is answered what it was answered, and drops nothing anew.
    const anew = slot === undefined || slot.seq < request.seq;
    const dropping = drop(anew ? request.trim : 0, nowMs);
    const wasNear = isNearlyFull(stock(), deadLetters);
    const settled = answersOf(settle(request.settle, nowMs), request.seq, slot);
    const extended = extend(request.extend, after(nowMs, request.leaseMs));
    const { claimed, keys, left } = claim(request, slot, nowMs);
    // Also when nothing was taken: sent again, the request must not take what came since.
    const batch = slot?.seq === request.seq ? slot.keys : keys;
    const now = stock();
    const fills = !wasNear && isNearlyFull(now, deadLetters);
    const told = slot?.seq === request.seq
      ? readTold(slot.told)
      : { ...dropping, nearlyFull: fills ? now : undefined };
    const answers = { keys: batch, settled: lettersOf(settled), told: writeTold(told) };
    slots.remember(request, answers, nowMs);
    // Last: a replay in this request still finds the slot that it may be about to trim.
    trimSlots(request.trim, nowMs);
    const nextDueAtMs = request.claim && earliest(request.claim.queues);
    const { dropped, nearlyFull, dropAtMs } = told;
    const dueTrims = [trimAtMs, dropAtMs].filter((at) => at !== undefined);
    return {
      ...{ nowMs, settled, extended, claimed, nextDueAtMs, left, dropped, nearlyFull },
      trimAtMs: dueTrims.length === 0 ? undefined : Math.min(...dueTrims),
    };
  };
}
