/** Hands messages over to a worker, and the same ones again when its request comes again. */

import { type Delivery, type ExchangeRequest, PRIORITIES, SUSPECT_CRASHES } from "../broker.ts";
import { after } from "./instant.ts";
import { lastTurn, priorityOf } from "./line.ts";
import { textOf } from "./opaque.ts";
import type { Slot } from "./slot.ts";
import type { Sql } from "./sql.ts";

interface Row {
  readonly key: number;
  readonly id: string;
  readonly queue: string;
  readonly lane: number;
  readonly fence: number;
  readonly failures: number;
  readonly crashes: number;
  readonly claim: string | null;
  /** 1 while it is held, but not begun. */
  readonly parked: number;
  readonly worker: string;
  readonly crashed_worker: string;
  readonly enqueued_at: number;
  readonly expires_at: number;
  readonly journal: string | Uint8Array;
  readonly body: string | Uint8Array;
}

/** Says who takes, and until when. */
interface Taker {
  readonly claim: string;
  readonly worker: string;
  readonly nowMs: number;
  readonly untilMs: number;
  /** How many are still to be handed over that begin at once. */
  begins: number;
  /** How much has been taken: characters, or bytes of what is no text. */
  size: number;
}

/** How much is taken at most by one claim: a worker may ask for a thousand, and each may be large. */
const MOST_SIZE = 4_000_000;
/** How many messages are read at once, as long as they are not large. */
const PAGE = 250;

const COLUMNS =
  `key, id, queue, lane, fence, failures, crashes, claim, parked, worker, crashed_worker,
  enqueued_at, expires_at, journal, body`;

/** Is what a request gets. */
export interface Claimed {
  readonly claimed: readonly Delivery[];
  /** The keys of its messages, separated by commas, to find them again; and whether some were left. */
  readonly keys: string;
  /** Whether something due was not handed over to wait. */
  readonly left: boolean;
}

/** Behind the keys: something was left. Older releases read a comma there as nothing. */
const LEFT = ",";

const NOTHING: Claimed = { claimed: [], keys: "", left: false };

/** Prepares the operation; to be called inside a transaction that may write. */
export function prepareClaim(
  sql: Sql,
): (request: ExchangeRequest, slot: Slot | undefined, nowMs: number) => Claimed {
  const takeFrom = prepareTake(sql);
  const replay = prepareReplay(sql);

  return (request, slot, nowMs) => {
    const { channel, seq, worker, leaseMs, claim: wanted } = request;
    if (wanted === undefined) return NOTHING;
    // A late request: its caller has long awaited the reply to a newer one.
    if (slot !== undefined && seq < slot.seq) return NOTHING;
    const claim = `${channel}.${seq}`;
    if (slot?.seq === seq) {
      const left = slot.keys.endsWith(LEFT);
      const keys = left ? slot.keys.slice(0, -LEFT.length) : slot.keys;
      return { claimed: replay(keys, claim), keys: slot.keys, left };
    }
    const { queues, max, begins = max } = wanted;
    const taker = { claim, worker, nowMs, untilMs: after(nowMs, leaseMs), begins, size: 0 };
    const claimed: Delivery[] = [];
    const keys: number[] = [];
    let found = 0;
    // One that is named twice would be left something twice.
    for (const queue of new Set(queues)) {
      for (let lane = 0; lane < PRIORITIES.length; lane++) {
        if (found === max || taker.size > MOST_SIZE) break;
        const line = takeFrom({ queue, lane, most: max - found }, taker);
        found += line.rows.length + line.left;
        for (const row of line.rows) {
          keys.push(row.key);
          claimed.push(deliver(row, claim));
        }
      }
    }
    const left = keys.length < found;
    return { claimed, keys: keys.join(",") + (left ? LEFT : ""), left };
  };
}

/** Says which line is asked, and for how many. */
interface Ask {
  readonly queue: string;
  readonly lane: number;
  readonly most: number;
}

/** Is what was taken of a line, and how many messages were not handed over to wait. */
interface Taken {
  readonly rows: readonly Row[];
  readonly left: number;
}

function prepareTake(sql: Sql): (ask: Ask, taker: Taker) => Taken {
  const select = sql.prepare<Row>(`
    SELECT ${COLUMNS} FROM {message} CROSS JOIN {body} USING (key)
    WHERE queue = ? AND lane = ? AND visible_at <= ? ORDER BY visible_at, turn LIMIT ? OFFSET ?`);
  const last = sql.prepare<{ turn: number }>(`SELECT ${lastTurn("?1", "?2", "?3")} AS turn`);
  const lease = prepareLease(sql);
  // Large ones that are read and not taken would be read again.
  let pageSize = PAGE;

  return ({ queue, lane, most }, taker) => {
    const rows: Row[] = [];
    let left = 0;
    let turn: number | undefined;
    for (;;) {
      const limit = Math.min(pageSize, most - rows.length - left);
      // What was taken is due no more; what was left still is.
      const page = select.all(queue, lane, taker.nowMs, limit, left);
      if (page.length > 0) pageSize = pageFor(page);
      for (const row of page) {
        if (taker.size > MOST_SIZE) return { rows, left };
        turn ??= last.get(queue, lane, taker.untilMs)!.turn;
        const leased = lease(row, turn + 1, taker);
        if (leased === undefined) {
          left++;
          continue;
        }
        turn++;
        taker.size += row.body.length;
        rows.push(leased);
      }
      if (page.length < limit || rows.length + left === most) return { rows, left };
    }
  };
}

/** Says how many to read next, when they are as large as these. */
function pageFor(rows: readonly Row[]): number {
  let size = 1;
  for (const { body } of rows) size += body.length;
  return Math.max(1, Math.min(PAGE, Math.ceil(MOST_SIZE * rows.length / size)));
}

/** Prepares to lease a message; gives nothing where it is not handed over to wait. */
function prepareLease(sql: Sql): (row: Row, turn: number, taker: Taker) => Row | undefined {
  const take = sql.prepare(`
    UPDATE {message} SET visible_at = ?, turn = ?, fence = ?, crashes = ?, crashed_worker = ?,
      claim = ?, parked = ?, worker = ? WHERE key = ?`);

  return (row, turn, taker) => {
    const { claim, worker, untilMs } = taker;
    const begins = taker.begins > 0;
    // It may have begun when its worker vanished, unknown to all: the next time must be known.
    if (!begins && (row.claim !== null || row.crashes > 0)) return undefined;
    taker.begins--;
    // Due and still held: the lease ran out before its holder settled. Of a parked one nobody knows
    // that it had begun.
    const crashed = row.claim !== null && row.parked === 0;
    const fence = row.fence + 1;
    const crashes = row.crashes + (crashed ? 1 : 0);
    const crashedWorker = crashed ? row.worker : "";
    const parked = !begins || crashes >= SUSPECT_CRASHES ? 1 : 0;
    take.run(untilMs, turn, fence, crashes, crashedWorker, claim, parked, worker, row.key);
    return { ...row, fence, crashes, crashed_worker: crashedWorker };
  };
}

function prepareReplay(sql: Sql): (keys: string, claim: string) => Delivery[] {
  const select = sql.prepare<Row>(`
    SELECT ${COLUMNS} FROM {message} CROSS JOIN {body} USING (key) WHERE key = ? AND claim = ?`);
  return (keys, claim) => {
    if (keys === "") return [];
    return keys.split(",").flatMap((key) => {
      const row = select.get(Number(key), claim);
      return row === undefined ? [] : [deliver(row, claim)];
    });
  };
}

function deliver(row: Row, claim: string): Delivery {
  return {
    id: row.id,
    queue: row.queue,
    priority: priorityOf(row.lane),
    claim,
    fence: row.fence,
    failures: row.failures,
    crashes: row.crashes,
    crashedWorker: row.crashed_worker,
    enqueuedAtMs: row.enqueued_at,
    expiresAtMs: row.expires_at,
    journal: textOf(row.journal),
    body: textOf(row.body),
    // Settlements find their message by its id: nothing else to hand back.
    token: "",
  };
}
