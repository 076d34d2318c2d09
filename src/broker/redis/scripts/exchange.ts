/** Settles, renews and claims in one run. */

import { defineScript, type Script } from "../script.ts";
import { CLAIM } from "./exchange_claim.ts";
import { DEAD } from "./exchange_dead.ts";
import { SETTLE } from "./exchange_settle.ts";
import { SLEEP } from "./exchange_sleep.ts";
import { TRIM } from "./exchange_trim.ts";
import { BATCH, CLOCK, DEAD_COUNT, DEADS, HINTS, HOLD, OUTCOME, PLACE, RUNS } from "./prelude.ts";
import { PUBLISH, SLEEPERS } from "./sleepers.ts";

/** What the script hands over of one message: its record, and its hold if that says anything new. */
export interface Handed {
  readonly id: string;
  readonly record: string;
  readonly hold: string;
}

/** What an exchange is given. */
export interface ExchangeArgs {
  readonly channel: string;
  readonly seq: number;
  readonly worker: string;
  readonly leaseMs: number;
  /** The most messages to take; 0 to take nothing. */
  readonly max: number;
  /** How many lines, the first ones, are asked for messages. */
  readonly asked: number;
  readonly trim: number;
  /** The bounds of what is kept of messages that have ended. */
  readonly keepCount: number;
  readonly keepBytes: number;
  /** The bounds of the dead letters. */
  readonly mostDead: number;
  readonly mostDeadBytes: number;
  /** Who looks, and which look it is; empty for who hears no calls. */
  readonly sleeper: string;
  readonly sweep: boolean;
  /** Number of the line, claim, letter of the outcome, milliseconds; see `Entries`. */
  readonly settleHeads: readonly string[];
  readonly settleRuns: readonly string[];
  /**
   * Id and text of each settlement; before a result, when the message was enqueued, and its nonce;
   * before a dead letter's journal, the bytes of its body.
   */
  readonly settle: readonly string[];
  /** Number of the line, claim, 1 if the handler begins; see `Entries`. */
  readonly extendHeads: readonly string[];
  readonly extendRuns: readonly string[];
  /** Id of each extension, and `=` and progress, or nothing. */
  readonly extend: readonly string[];
}

/** What becomes of it. */
export interface Exchanged {
  readonly nowMs: number;
  readonly nextDueAtMs: number | undefined;
  readonly trimAtMs: number | undefined;
  /** A letter for each settlement: `o` for ok, `l` for a lost lease. */
  readonly settled: string;
  /** The same for each extension. */
  readonly extended: string;
  /**
   * A slash; where the dead letters got nearly full, their count and bytes; `@` and when there is more to
   * drop; each that was dropped.
   */
  readonly told: string;
  readonly claimed: readonly Handed[];
}

/**
 * Settles, renews, claims, forgets.
 *
 * Everything is read and decided before the first write, and the first write deletes: a script is not
 * rolled back, and a full Redis must still be told what has ended.
 */
export const exchangeScript: Script<ExchangeArgs, Exchanged> = defineScript({
  name: "exchange",
  keys: ["version", "msg", "lines", "exp", "dead", "dedupe"],
  args: {
    channel: "string",
    seq: "number",
    worker: "string",
    leaseMs: "number",
    max: "number",
    asked: "number",
    trim: "number",
    keepCount: "number",
    keepBytes: "number",
    mostDead: "number",
    mostDeadBytes: "number",
    sleeper: "string",
    sweep: "flag",
    settleHeads: "list",
    settleRuns: "list",
    settle: "list",
    extendHeads: "list",
    extendRuns: "list",
    extend: "list",
  },
  access: "release",
  body: `
${CLOCK}${BATCH}${RUNS}${HOLD}${DEAD_COUNT}${DEADS}${OUTCOME}${PLACE}${HINTS}${SLEEPERS}${SLEEP}
local untilMs = math.min(nowMs + leaseMs, LATEST_MS)
-- What leaves and what enters each line.
local leaves, enters = {}, {}
local function leave(line, id)
  leaves[line] = leaves[line] or {}
  leaves[line][#leaves[line] + 1] = id
end
local function enter(line, id, ms)
  enters[line] = enters[line] or {}
  put(enters[line], id, ms)
end
-- The holds of what this request names, opened; false for what it has ended.
local holds = {}
-- Whether it is kept what this request is answered: sent again, a renewal is a renewal.
local remembered = max > 0 or #settle > 0 or trim > 0
${SETTLE}${CLAIM}${DEAD}
local slot = readSlot(readAll())
local dropMs = dropDead(slot)
local wasNear = isNear()
local settled, extended = table.concat(settleAll()), extendAll()
if slot.seq == seq and #slot.settled == #settled then settled = slot.settled end
moveAll()
local claimed, batch = {}, {}
if max > 0 then claimed, batch = claimAll(slot) end
countDead()
local told = slot.seq == seq and slot.told or tellDead(wasNear, dropMs)
remember(slot, settled, slot.seq == seq and slot.ids or table.concat(batch, " "), told)
for line in pairs(leaves) do
  if not enters[line] then findHint(line) end
end
if me then hide() end
wakeAll()
if me and max > 0 and slot.seq <= seq then
  local idle = #batch < max
  for line = 1, asked do idle = idle and not (hints[line] and hints[line] < dueBelow) end
  sleep(asked, idle)
end
if me then show() end
if ended then put(fields, STOCK, stock()) end
local unknown = putHints(fields)
if #unknown > 0 then send("SADD", lines, unknown) end
if #fields > 0 then send("HSET", msg, fields) end
if #exps > 0 then send("ZADD", exp, exps) end
buryAll()
unburyAll()
${TRIM}
local trimMs = trim > 0 and trimAll() or ""
if dropMs and (trimMs == "" or dropMs < trimMs) then trimMs = dropMs end
local nextMs = ""
for line = 1, asked do
  local at = hints[line] and math.floor(hints[line] / 1000)
  if at and (nextMs == "" or at < nextMs) then nextMs = at end
end
${PUBLISH}
local reply = { "=exchange", nowMs, nextMs, trimMs, "=" .. settled,
  "=" .. table.concat(extended), "=" .. told, "=" .. table.concat(batch, " ") }
for i = 1, #claimed do reply[i + 8] = claimed[i] end
return reply`,
  decode: (reply, { settle, extend }) => {
    const nowMs = reply.number();
    const nextDueAtMs = reply.maybe();
    const trimAtMs = reply.maybe();
    const settled = reply.letters(settle.length / 2);
    const extended = reply.letters(extend.length / 2);
    const told = reply.marked();
    const ids = reply.words();
    const claimed: Handed[] = ids.map((id) => ({
      id,
      record: reply.text(),
      hold: reply.text(),
    }));
    return { nowMs, nextDueAtMs, trimAtMs, settled, extended, told, claimed };
  },
});
