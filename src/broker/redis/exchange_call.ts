/** Words an exchange for its script, and reads the script's answer. */

import type { ExchangeReply, ExchangeRequest, Extension, Settlement } from "../broker.ts";
import { safeClaim, safeId, wholeMs } from "./guards.ts";
import { LineIndex, lineName, linesOf } from "./keys.ts";
import { outcomeHead, parseDelivery } from "./record.ts";
import type { ScriptCall } from "./script.ts";
import type { ExchangeArgs, Exchanged } from "./scripts/exchange.ts";

/** Numbers what the entries of one request speak of: most of them name the same line and claim. */
class Numbers {
  readonly lines: LineIndex;
  readonly claims: LineIndex = new LineIndex();

  constructor(asked: readonly string[]) {
    this.lines = new LineIndex(asked);
  }

  head({ id, claim, ...line }: Settlement | Extension): string {
    const number = this.lines.of(lineName(line));
    return `${safeId(id)} ${number} ${this.claims.of(safeClaim(claim))}`;
  }
}

/** Words a request. */
export function exchangeCall(request: ExchangeRequest): Required<ScriptCall<ExchangeArgs>> {
  const { channel, seq, worker, leaseMs, claim, trim, sweep } = request;
  const asked = linesOf(claim?.queues ?? []);
  const numbers = new Numbers(asked);
  const settle = request.settle.map((entry) => settleEntry(entry, numbers));
  const extend = request.extend.map((entry) => extendEntry(entry, numbers));
  const args = {
    channel,
    seq,
    worker,
    leaseMs: wholeMs(leaseMs),
    max: claim?.max ?? 0,
    asked: asked.length,
    trim,
    sweep,
    claims: numbers.claims.lines,
    settle,
    extend,
  };
  return { args, lines: numbers.lines.lines };
}

function settleEntry(settlement: Settlement, numbers: Numbers): string {
  const [kind, ms, text] = outcomeOf(settlement);
  return `${numbers.head(settlement)} ${kind} ${ms} ${outcomeHead(settlement)} ${text}`;
}

/** Gives the letter of an outcome, its time span in milliseconds, and its text. */
function outcomeOf(settlement: Settlement): readonly [string, number, string] {
  switch (settlement.outcome) {
    case "succeeded":
      return ["s", wholeMs(settlement.retainMs), settlement.result];
    case "expired":
      return ["e", wholeMs(settlement.retainMs), settlement.result];
    case "dead":
      return [settlement.failed ? "D" : "d", 0, settlement.journal];
    case "retry":
      return ["r", wholeMs(settlement.delayMs), settlement.journal];
    case "defer":
      return ["f", wholeMs(settlement.delayMs), ""];
  }
}

function extendEntry(extension: Extension, numbers: Numbers): string {
  const { progress } = extension;
  const told = progress === undefined ? "0" : "1";
  return `${numbers.head(extension)} ${told} ${progress ?? ""}`;
}

/** Reads the answer to a request. */
export function exchangeReply(
  { channel, seq }: ExchangeRequest,
  { nowMs, nextDueAtMs, settled, extended, claimed }: Exchanged,
): ExchangeReply {
  const claim = `${channel}.${seq}`;
  return {
    nowMs,
    settled: answersOf(settled),
    extended: answersOf(extended),
    claimed: claimed.map((handed) => parseDelivery(handed, claim)),
    nextDueAtMs,
  };
}

function answersOf(letters: string): ("ok" | "lease_lost")[] {
  return Array.from(letters, (letter) => letter === "o" ? "ok" : "lease_lost");
}
