/** Settles, renews and claims in one run. */

import { defineScript, type Script } from "../script.ts";
import { CLAIM, READ_SLOT, REMEMBER } from "./exchange_claim.ts";
import { BURY, DROP_DEAD, TELL_DEAD, UNBURY } from "./exchange_dead.ts";
import { EXTEND, MOVE, READ, SETTLE } from "./exchange_settle.ts";
import { HIDE, SLEEP } from "./exchange_sleep.ts";
import { TRIM } from "./exchange_trim.ts";
import {
  BATCH,
  CHANGE_HOLD,
  CLOCK,
  DIGITS,
  FIND_HINT,
  HINTS,
  HOLD,
  LOOK_FOR_PLACE,
  LOWER_HINT,
  PUT_HINTS,
  STOCK,
  STOCK_FIELD,
  TURN,
} from "./prelude.ts";
import { PUBLISH, WAKE } from "./sleepers.ts";

/** What the script hands over of one message: its record, and its hold if that says anything new. */
export interface Handed {
  readonly id: string;
  readonly record: string;
  readonly hold: string;
}

/** What an exchange is given. */
export interface ExchangeArgs {
  readonly channel: string;
  readonly seq: string;
  readonly worker: string;
  readonly leaseMs: number;
  /** The most messages to take; 0 to take nothing. */
  readonly max: number;
  /** How many of them, the first ones, begin at once. */
  readonly begins: number;
  /** How many lines, the first ones, are asked for messages. */
  readonly asked: number;
  readonly trim: number;
  /** How many outcomes are kept, of how many bytes of results, and the same of dead letters. */
  readonly bounds: string;
  /** Who looks, and which look it is; empty for who hears no calls. */
  readonly sleeper: string;
  readonly sweep: boolean;
  /**
   * The heads: number of the line, claim, letter of the outcome, milliseconds, bytes before a result; see
   * `Entries`.
   */
  readonly settleRuns: readonly string[];
  readonly settleIds: readonly string[];
  /**
   * The text of each settlement; before a result, when the message was enqueued, and its nonce; before a
   * dead letter's journal, the bytes of its body.
   */
  readonly settleTexts: readonly string[];
  /** The heads: number of the line, claim, 1 if the handler begins. */
  readonly extendRuns: readonly string[];
  readonly extendIds: readonly string[];
  /** For each extension `=` and progress, or nothing. */
  readonly extendTexts: readonly string[];
}

/** What becomes of it. */
export interface Exchanged {
  readonly nowMs: number;
  readonly nextDueAtMs: number | undefined;
  readonly trimAtMs: number | undefined;
  /** Whether something due was not handed over to wait. */
  readonly left: boolean;
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
 *
 * It is one long block, and its rare parts are blocks within it, for speed: a function that Lua makes
 * anew for each run costs as much as what a message costs, and more for each local that it uses.
 */
export const exchangeScript: Script<ExchangeArgs, Exchanged> = defineScript({
  name: "exchange",
  keys: ["version", "msg", "lines", "exp", "dead", "dedupe"],
  args: {
    channel: "string",
    seq: "string",
    worker: "string",
    leaseMs: "number",
    max: "number",
    begins: "number",
    asked: "number",
    trim: "number",
    bounds: "string",
    sleeper: "string",
    sweep: "flag",
    settleRuns: "list",
    settleIds: "list",
    settleTexts: "list",
    extendRuns: "list",
    extendIds: "list",
    extendTexts: "list",
  },
  access: "release",
  body: `
${CLOCK}${BATCH}${HOLD}${CHANGE_HOLD}${TURN}${DIGITS}${HINTS}${LOWER_HINT}
if not micro then
  ${LOOK_FOR_PLACE}
end
local untilMs = math.min(nowMs + leaseMs, LATEST_MS)
local fields, exps, ended = {}, {}, 0
-- What leaves and what enters each line, and whom to call for it.
local leaves, enters, words, came, calls = {}, {}, {}, {}, ""
-- Whether it is kept what this request is answered: sent again, a renewal is a renewal.
local remembered = max > 0 or #settleIds > 0 or trim > 0
${READ}${READ_SLOT}
local dropMs, told, deaths, unburied, dropped = nil, "", nil, nil, {}
${DROP_DEAD}
local deadBefore, bytesBefore = deadCount, deadBytes
local answers, renewed = "", ""
if settled > 0 then
  ${SETTLE}
end
if extendIds[1] then
  ${EXTEND}
end
if slot.seq == seq and #slot.settled == settled then answers = slot.settled end
${MOVE}
-- Behind the words that the reply begins with, what is handed over.
local reply, batch, left = { "", "", "", "", "", "", "", "", "" }, {}, 0
if max > 0 then
  ${CLAIM}
end
${TELL_DEAD}
if slot.seq == seq then told = slot.told end
local taken = table.concat(batch, " ")
${REMEMBER}
for i = 1, #due do
  if leaves[i] and not enters[i] then ${FIND_HINT} end
end
${HIDE}${WAKE}${SLEEP}
if ended > 0 then
  count = count + ended
  put(fields, "${STOCK_FIELD}", ${STOCK})
end
${PUT_HINTS}
send("SADD", lines, strangers)
send("HSET", msg, fields)
send("ZADD", exp, exps)
${BURY}${UNBURY}
local trimMs = ""
if trim > 0 then
  ${TRIM}
  trimMs = trimAll()
end
if dropMs and (trimMs == "" or dropMs < trimMs) then trimMs = dropMs end
local nextMs = ""
for line = 1, asked do
  local at = hints[line] and math.floor(hints[line] / 1000)
  if at and (nextMs == "" or at < nextMs) then nextMs = at end
end
${PUBLISH}
reply[1], reply[2], reply[3], reply[4] = "=exchange", nowMs, nextMs, trimMs
reply[5], reply[6] = "=" .. answers, "=" .. renewed
reply[7], reply[8], reply[9] = "=" .. told, "=" .. taken, left
return reply`,
  decode: (reply, { settleIds, extendIds }) => {
    const nowMs = reply.number();
    const nextDueAtMs = reply.maybe();
    const trimAtMs = reply.maybe();
    const settled = reply.letters(settleIds.length);
    const extended = reply.letters(extendIds.length);
    const told = reply.marked();
    const ids = reply.words();
    const left = reply.number() === 1;
    const claimed: Handed[] = ids.map((id) => ({
      id,
      record: reply.text(),
      hold: reply.text(),
    }));
    return { nowMs, nextDueAtMs, trimAtMs, left, settled, extended, told, claimed };
  },
});
