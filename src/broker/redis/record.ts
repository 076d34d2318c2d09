/**
 * Reads what scripts store of a message: words that are separated by spaces, a text at the end.
 *
 * In the hash `msg`, a message has up to three fields:
 * - `<id>` the record, written once: `L line enqueuedAt nonce delay expiresAt body`; when the message
 *   ends, the outcome is written over it: `O line state op settled redriven finishedAt forgetAt
 *   fence failures crashes =worker enqueuedAt nonce result`;
 * - `<id>!` the hold, written at each claim and settlement: `state claim settled redriven fence
 *   failures crashes dueAt =worker =crashedWorker progress journal`, where the state is `h` for held,
 *   `p` for parked, `r` for returned or redriven, `d` for dead (`dueAt` is then when it died, and the
 *   claim a slash with the bytes that it counts as); `settled` is the last claim whose settlement
 *   counted, `redriven` the last operation that redrove it, `/` is none, and `progress` tells whether
 *   there is a third field;
 * - `<id>%` the progress.
 *
 * Besides, `@<channel>` is a channel's last request that settled or claimed: `seq usedAt settled/ ids…
 * told`, where `settled` and `told` are as in the script's reply, and a star among the ids says that
 * something was left; `~<line>` a lower bound of when a line
 * has work, in microseconds, empty when it holds nothing; `&<line>` who sleeps there, see `sleepers.ts`;
 * and `$` and `$d` how much there is of outcomes and of dead letters.
 */

import type { Delivery, Line, MessageRecord, MessageState } from "../broker.ts";
import { parseLine } from "./keys.ts";
import { ReplyShapeError } from "./reply.ts";
import type { Stored } from "./scripts/read.ts";

/** Takes the first words off a text; the last one is all that is left. */
function split(text: string, count: number): string[] {
  const words = new Array<string>(count);
  let from = 0;
  for (let i = 0; i < count - 1; i++) {
    const to = text.indexOf(" ", from);
    if (to < 0) throw new ReplyShapeError("a record of the reply is cut off");
    words[i] = text.slice(from, to);
    from = to + 1;
  }
  words[count - 1] = text.slice(from);
  return words;
}

// A damaged record must not stop its line: it is handed over without a body, and buried as unreadable.
function splitLive(record: string): string[] {
  try {
    return split(record, 7);
  } catch {
    return ["L", record.split(" ", 2)[1] ?? "", "0", "-", "0", "0", ""];
  }
}

interface Hold {
  readonly state: string;
  readonly redriven: boolean;
  readonly fence: number;
  readonly failures: number;
  readonly crashes: number;
  readonly dueAtMs: number;
  readonly worker: string;
  readonly crashedWorker: string;
  readonly journal: string;
}

function parseHold(text: string): Hold {
  const [state, , , redriven, fence, failures, crashes, due, worker, crashed, , journal] = split(
    text,
    12,
  );
  return {
    state: state!,
    redriven: redriven !== "/",
    fence: Number(fence),
    failures: Number(failures),
    crashes: Number(crashes),
    dueAtMs: Number(due),
    worker: worker!.slice(1),
    crashedWorker: crashed!.slice(1),
    journal: journal!,
  };
}

const FIRST = {
  redriven: false,
  fence: 1,
  failures: 0,
  crashes: 0,
  crashedWorker: "",
  journal: "",
};

/** Reads a delivery; the hold is empty for a message that is handed over for the first time. */
export function parseDelivery(
  { id, record, hold }: Omit<Stored, "progress">,
  { claim, lineOf }: { readonly claim: string; readonly lineOf: (name: string) => Line },
): Delivery {
  const [, line, enqueuedAt, nonce, , expiresAt, body] = splitLive(record);
  const { redriven, fence, failures, crashes, crashedWorker, journal } = hold === ""
    ? FIRST
    : parseHold(hold);
  const { queue, priority } = lineOf(line!);
  return {
    id,
    queue,
    priority,
    claim,
    fence,
    failures,
    crashes,
    crashedWorker,
    enqueuedAtMs: Number(enqueuedAt),
    expiresAtMs: redriven ? 0 : Number(expiresAt),
    journal,
    body: body!,
    token: `${enqueuedAt} ${nonce} ${bytesOf(body!)}`,
  };
}

/** Counts bytes; an array of them for each message would cost more than all the rest of it. */
export function bytesOf(text: string): number {
  // deno-lint-ignore no-control-regex
  return /[^\x00-\x7f]/.test(text) ? new TextEncoder().encode(text).length : text.length;
}

const TOKEN = /^\d+ \S+ \d+$/;

/** Words what of the record must outlive it, in front of the result. */
export function outcomeWords({ token }: Pick<Delivery, "token">): string {
  // Where there is none, there was no delivery either, and the settlement will not count.
  return TOKEN.test(token) ? token.slice(0, token.lastIndexOf(" ") + 1) : "0 - ";
}

/** Words what is kept of a dead letter's history, behind the bytes of its body. */
export function deathTail({ token }: Pick<Delivery, "token">, journal: string): string {
  const bytes = TOKEN.test(token) ? token.slice(token.lastIndexOf(" ") + 1) : "0";
  return `${bytes} ${journal}`;
}

/** Reads a message; undefined for one that is unknown, no longer known, or damaged. */
export function parseStored(stored: Stored, nowMs: number): MessageRecord | undefined {
  const { record } = stored;
  if (record === "") return undefined;
  try {
    return record[0] === "O" ? parseOutcome(stored, nowMs) : parseLive(stored, nowMs);
  } catch {
    // One that nobody can read must not keep the others of a page from being read.
    return undefined;
  }
}

const STATES: Readonly<Record<string, MessageState>> = {
  s: "succeeded",
  e: "expired",
  c: "cancelled",
};

function parseOutcome({ id, record }: Stored, nowMs: number): MessageRecord | undefined {
  const words = split(record, 15);
  const [, line, state, , , , finishedAt, forgetAt] = words;
  const [fence, failures, crashes, worker, enqueuedAt, , result] = words.slice(8);
  if (Number(forgetAt) <= nowMs) return undefined;
  return {
    id,
    ...parseLine(line!),
    state: STATES[state!]!,
    failures: Number(failures),
    crashes: Number(crashes),
    fence: Number(fence),
    enqueuedAtMs: Number(enqueuedAt),
    dueAtMs: 0,
    finishedAtMs: Number(finishedAt),
    worker: worker!.slice(1),
    body: "",
    journal: "",
    progress: "",
    result: result!,
  };
}

const HELD = new Set(["h", "p"]);
const WAITING = { state: "r", fence: 0, failures: 0, crashes: 0, worker: "", journal: "" };

function parseLive({ id, record, hold, progress }: Stored, nowMs: number): MessageRecord {
  const [, line, enqueuedAt, , delay, expiresAt, body] = splitLive(record);
  const enqueuedAtMs = Number(enqueuedAt);
  const { state, fence, failures, crashes, worker, journal, dueAtMs } = hold === ""
    ? { ...WAITING, dueAtMs: enqueuedAtMs + Number(delay) }
    : parseHold(hold);
  const dead = state === "d";
  const expires = fence === 0 && Number(expiresAt) > 0 && Number(expiresAt) <= nowMs;
  // A lease that ran out leaves its message ready, whoever had it.
  const waits = dueAtMs <= nowMs ? "ready" : HELD.has(state) ? "leased" : "scheduled";
  return {
    id,
    ...parseLine(line!),
    state: dead ? "dead" : expires ? "expired" : waits,
    failures,
    crashes,
    fence,
    enqueuedAtMs,
    dueAtMs: dead ? 0 : dueAtMs,
    finishedAtMs: dead ? dueAtMs : 0,
    worker,
    body: body!,
    journal,
    progress,
    result: "",
  };
}
