/** Words an exchange for its script, and reads the script's answer. */

import type { ExchangeReply, ExchangeRequest, Held, Settlement } from "../broker.ts";
import type { Bounds } from "../bounds.ts";
import type { DeadStock } from "../dead_bounds.ts";
import { Entries } from "./entries.ts";
import { safeClaim, safeId, safeSleeper, wholeMs } from "./guards.ts";
import { LineIndex, lineName, lineReader, linesOf } from "./keys.ts";
import { bytesOf, deathTail, outcomeWords, parseDelivery } from "./record.ts";
import type { ScriptCall } from "./script.ts";
import type { ExchangeArgs, Exchanged } from "./scripts/exchange.ts";

/** Words a request. */
export function exchangeCall(
  request: ExchangeRequest,
  { retention, deadLetters }: Bounds,
): Required<ScriptCall<ExchangeArgs>> {
  const { channel, seq, worker, leaseMs, claim, trim, sweep } = request;
  const lines = new LineIndex(linesOf(claim?.queues ?? []));
  const asked = lines.lines.length;
  const heads = new Heads(lines);
  const settle = new Entries();
  for (const entry of request.settle) {
    const [letter, span, text] = outcomeOf(entry);
    settle.add(heads.of(entry, letter, span), safeId(entry.id), text);
  }
  const extend = new Entries();
  for (const entry of request.extend) {
    const progress = entry.progress === undefined ? "" : `=${entry.progress}`;
    const begins = entry.begins ? "1" : "0";
    extend.add(heads.of(entry, begins), safeId(entry.id), progress);
  }
  const args = {
    ...{
      channel,
      seq: String(seq),
      worker,
      leaseMs: wholeMs(leaseMs),
      max: claim?.max ?? 0,
      begins: claim?.begins ?? claim?.max ?? 0,
      asked,
      trim,
      bounds: [retention.count, retention.bytes, deadLetters.count, deadLetters.bytes].join(" "),
      sleeper: safeSleeper(request.sleeper),
      sweep,
    },
    settleRuns: settle.runs,
    settleIds: settle.ids,
    settleTexts: settle.texts,
    extendRuns: extend.runs,
    extendIds: extend.ids,
    extendTexts: extend.texts,
  };
  return { args, lines: lines.lines };
}

/** Words heads, and once only those of neighbours that are the same, as most are. */
class Heads {
  readonly #lines: LineIndex;
  #held: Held | undefined;
  #mark = "";
  #span: string | undefined;
  #text = "";

  constructor(lines: LineIndex) {
    this.#lines = lines;
  }

  of(held: Held, mark: string, span?: string): string {
    const last = this.#held;
    if (
      last === undefined || mark !== this.#mark || span !== this.#span ||
      held.claim !== last.claim ||
      held.queue !== last.queue || held.priority !== last.priority
    ) {
      const text = `${this.#lines.of(lineName(held))} ${safeClaim(held.claim)} ${mark}`;
      this.#text = span === undefined ? text : `${text} ${span}`;
      [this.#held, this.#mark, this.#span] = [held, mark, span];
    }
    return this.#text;
  }
}

/** Gives the letter of an outcome, its milliseconds with the bytes before a result, and its text. */
function outcomeOf(settlement: Settlement): readonly [string, string, string] {
  switch (settlement.outcome) {
    case "succeeded":
      return endOf("s", settlement);
    case "expired":
      return endOf("e", settlement);
    case "dead":
      return [settlement.failed ? "D" : "d", "0 0", deathTail(settlement, settlement.journal)];
    case "retry":
      return ["r", `${wholeMs(settlement.delayMs)} 0`, settlement.journal];
    case "defer":
      return ["f", `${wholeMs(settlement.delayMs)} 0`, ""];
  }
}

type Ending = Extract<Settlement, { readonly outcome: "succeeded" | "expired" }>;

function endOf(letter: string, ending: Ending): readonly [string, string, string] {
  const words = outcomeWords(ending);
  const span = `${wholeMs(ending.retainMs)} ${bytesOf(words)}`;
  return [letter, span, words + ending.result];
}

/** Reads the answer to a request. */
export function exchangeReply(
  { channel, seq }: ExchangeRequest,
  { nowMs, nextDueAtMs, trimAtMs, left, settled, extended, told, claimed }: Exchanged,
): ExchangeReply {
  const claim = `${channel}.${seq}`;
  const lineOf = lineReader();
  return {
    nowMs,
    settled: answersOf(settled),
    extended: answersOf(extended),
    claimed: claimed.map((handed) => parseDelivery(handed, { claim, lineOf })),
    nextDueAtMs,
    left,
    trimAtMs,
    ...toldOf(told),
  };
}

function toldOf(told: string): Pick<ExchangeReply, "dropped" | "nearlyFull"> {
  const [stock = "", ...dropped] = told === "" ? [] : told.split(" ");
  const nearlyFull = /^\/(\d+),(\d+)/.exec(stock);
  return { dropped, nearlyFull: nearlyFull ? stockOf(nearlyFull) : undefined };
}

function stockOf([, count, bytes]: RegExpExecArray): DeadStock {
  return { count: Number(count), bytes: Number(bytes) };
}

function answersOf(letters: string): ("ok" | "lease_lost")[] {
  const answers: ("ok" | "lease_lost")[] = [];
  for (let i = 0; i < letters.length; i++) answers.push(letters[i] === "o" ? "ok" : "lease_lost");
  return answers;
}
