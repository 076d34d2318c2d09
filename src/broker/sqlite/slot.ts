/** Slots: what each channel asked last and was answered, so that it can be answered so again. */

import type { ExchangeReply, ExchangeRequest } from "../broker.ts";
import type { Answer } from "./settle.ts";
import type { Sql } from "./sql.ts";

/** Is a channel's last request that settled or claimed. */
export interface Slot {
  readonly seq: number;
  /** The keys of the messages that it got, separated by commas; and another one if some were left. */
  readonly keys: string;
  /** A letter for each settlement: `o` for ok, `l` for a lost lease. */
  readonly settled: string;
  /** What it was told of the dead letters, as `writeTold` words it. */
  readonly told: string;
}

/** Reads and writes slots; to be used inside a transaction that may write. */
export interface Slots {
  /** Finds a channel's slot; undefined where there is none, or the request needs none. */
  find(request: ExchangeRequest): Slot | undefined;
  /** Notes what a request was answered, unless a later one has been. */
  remember(request: ExchangeRequest, slot: Omit<Slot, "seq">, nowMs: number): void;
}

/** Prepares them. */
export function prepareSlots(sql: Sql): Slots {
  const find = sql.prepare<Slot>("SELECT seq, keys, settled, told FROM {slot} WHERE channel = ?");
  const remember = sql.prepare(`
    INSERT INTO {slot} (channel, seq, keys, settled, told, used_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (channel) DO UPDATE SET
      seq = excluded.seq, keys = excluded.keys, settled = excluded.settled,
      told = excluded.told, used_at = excluded.used_at WHERE seq <= excluded.seq`);
  return {
    find: (request) => isRemembered(request) ? find.get(request.channel) : undefined,
    remember(request, { keys, settled, told }, nowMs) {
      if (!isRemembered(request)) return;
      remember.run(request.channel, request.seq, keys, settled, told, nowMs);
    },
  };
}

// Sent again, a renewal is a renewal: it needs no memory.
function isRemembered({ settle, claim, trim }: ExchangeRequest): boolean {
  return settle.length > 0 || claim !== undefined || trim > 0;
}

/** Is what a request is told of the dead letters; and when there is more to drop. */
export type Told = Pick<ExchangeReply, "dropped" | "nearlyFull"> & {
  readonly dropAtMs: number | undefined;
};

/** Words what a request is told of the dead letters. */
export function writeTold(told: Told): string {
  const { dropped, nearlyFull, dropAtMs } = told;
  return dropped.length > 0 || nearlyFull || dropAtMs ? JSON.stringify(told) : "";
}

/** Reads what `writeTold` worded. */
export function readTold(text: string): Told {
  const { dropped = [], nearlyFull, dropAtMs }: Partial<Told> = text === "" ? {} : JSON.parse(text);
  return { dropped, nearlyFull, dropAtMs };
}

/** Writes answers as letters. */
export function lettersOf(answers: readonly Answer[]): string {
  return answers.map((answer) => answer === "ok" ? "o" : "l").join("");
}

/** Gives the answers of the first time if the request has come again, else those of now. */
export function answersOf(now: readonly Answer[], seq: number, slot: Slot | undefined): Answer[] {
  const again = slot?.seq === seq && slot.settled.length === now.length;
  // Others may have had the message since: what counted once is answered as it was.
  return again ? Array.from(slot.settled, (letter) => letter === "o" ? "ok" : "lease_lost") : [
    ...now,
  ];
}
