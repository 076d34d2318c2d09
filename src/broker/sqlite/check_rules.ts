/** What must hold of each row, and what is done about one of which it does not. */

import type { Problem } from "../broker.ts";
import { lastTurn } from "./line.ts";

/** Is one thing that may be wrong with a row. */
export interface Rule {
  readonly problem: Problem;
  /** Picks the rows, as SQL over `row`; `?1` is the time. */
  readonly when: string;
  /** What was found, for people. */
  readonly found: string;
  /** What is done about it, for people. */
  readonly mends: string;
  /** The statement that does it, `?1` the time and `?2` the row's key. */
  readonly repair: string;
}

/** Is a table whose rows are checked. */
export interface Table {
  readonly name: "message" | "body" | "dedupe" | "slot";
  /** The column by which its rows are walked. */
  readonly key: "key" | "channel";
  /** What a finding calls a row, as SQL. */
  readonly id: string;
  readonly rules: readonly Rule[];
}

/** The last instant that a date can be; a time behind it never comes. */
const LATEST_MS = 8_640_000_000_000_000;
/** The greatest number that can be read. */
const MOST = Number.MAX_SAFE_INTEGER;
const RETAIN_MS = 600_000;
const STATES = "('live', 'dead', 'succeeded', 'cancelled', 'expired')";
const ENDED = "('succeeded', 'cancelled', 'expired')";
const HAS_BODY = "EXISTS (SELECT 1 FROM {body} AS body WHERE body.key = row.key)";
const NEXT_DEAD = `(SELECT coalesce(max(turn), 0) + 1 FROM {message} AS other
  WHERE other.state = 'dead' AND other.finished_at = ?1)`;
const BURY =
  `UPDATE {message} SET state = 'dead', visible_at = NULL, forget_at = NULL, claim = NULL,
  finished_at = ?1, turn = ${NEXT_DEAD} WHERE key = ?2`;
const WAIT = `UPDATE {message} SET visible_at = ?1, forget_at = NULL,
  turn = ${lastTurn("{message}.queue", "{message}.lane", "?1")} + 1 WHERE key = ?2`;

function set(columns: string): string {
  return `UPDATE {message} SET ${columns} WHERE key = ?2`;
}

const MESSAGE: readonly Rule[] = [
  {
    problem: "damaged",
    when: `state NOT IN ${STATES} AND ${HAS_BODY}`,
    found: "it is in a state that there is none of",
    mends: "it is a dead letter",
    repair: BURY,
  },
  {
    problem: "missing",
    when: `state NOT IN ${ENDED} AND NOT ${HAS_BODY}`,
    found: "it has no body, so that nobody can run it",
    mends: "what is left of it is removed",
    repair: "DELETE FROM {message} WHERE key = ?2",
  },
  {
    problem: "misplaced",
    when: `state IN ${ENDED} AND ${HAS_BODY}`,
    found: "it has ended, and has its body still",
    mends: "it is a dead letter, for somebody to decide whether it has run",
    repair: BURY,
  },
  {
    problem: "damaged",
    when: "lane NOT IN (0, 1, 2)",
    found: "it is in a lane that nobody serves",
    mends: "it is in the normal lane",
    repair: set("lane = 1"),
  },
  {
    problem: "damaged",
    when: `fence NOT BETWEEN 0 AND ${MOST} OR failures NOT BETWEEN 0 AND ${MOST}
      OR crashes NOT BETWEEN 0 AND ${MOST} OR turn NOT BETWEEN 0 AND ${MOST}`,
    found: "it counts below zero, or beyond what can be counted",
    mends: "those counts begin anew",
    repair: set(
      ["fence", "failures", "crashes", "turn"].map((column) =>
        `${column} = iif(${column} BETWEEN 0 AND ${MOST}, ${column}, 0)`
      ).join(", "),
    ),
  },
  {
    problem: "damaged",
    when: `enqueued_at NOT BETWEEN 0 AND ${LATEST_MS} OR expires_at NOT BETWEEN 0 AND ${LATEST_MS}`,
    found: "it was enqueued, or expires, at a time that cannot be",
    mends: "it was enqueued now, and does not expire",
    repair: set(`enqueued_at = iif(enqueued_at BETWEEN 0 AND ${LATEST_MS}, enqueued_at, ?1),
      expires_at = iif(expires_at BETWEEN 0 AND ${LATEST_MS}, expires_at, 0)`),
  },
  {
    problem: "damaged",
    when: "state = 'live' AND claim IS NOT NULL AND fence = 0",
    found: "it is held, but was never handed over",
    mends: "it counts as handed over once",
    repair: set("fence = 1"),
  },
  {
    problem: "unlisted",
    when: "state = 'live' AND visible_at IS NULL",
    found: "it waits, but is in no line",
    mends: "it is in its line, due now",
    repair: WAIT,
  },
  {
    problem: "mistimed",
    when: `state = 'live' AND visible_at NOT BETWEEN 1 AND ${LATEST_MS}`,
    found: "it is due at a time that cannot be",
    mends: "it is due now",
    repair: WAIT,
  },
  {
    problem: "misplaced",
    when: "state <> 'live' AND visible_at IS NOT NULL",
    found: "it is dead or has ended, and is in a line too",
    mends: "it is taken out of the line",
    repair: set("visible_at = NULL"),
  },
  {
    problem: "misplaced",
    when: "state <> 'live' AND claim IS NOT NULL",
    found: "it is dead or has ended, and is held too: its holder could end it again",
    mends: "nobody holds it any more",
    repair: set("claim = NULL"),
  },
  {
    problem: "misplaced",
    when: "state IN ('live', 'dead') AND forget_at IS NOT NULL",
    found: "it is about to be forgotten, but has not ended",
    mends: "it is not forgotten any more",
    repair: set("forget_at = NULL"),
  },
  {
    problem: "unlisted",
    when: `state IN ${ENDED} AND forget_at IS NULL`,
    found: "it has ended, and would never be forgotten",
    mends: "it is forgotten in ten minutes",
    repair: set(`forget_at = ?1 + ${RETAIN_MS}`),
  },
  {
    problem: "mistimed",
    when: `state IN ${ENDED} AND forget_at NOT BETWEEN 1 AND ${LATEST_MS}`,
    found: "it has ended, and is to be forgotten at a time that cannot be",
    mends: "it is forgotten in ten minutes",
    repair: set(`forget_at = ?1 + ${RETAIN_MS}`),
  },
  {
    problem: "mistimed",
    // The next page of the dead begins at a time of at most fifteen digits.
    when: "state <> 'live' AND finished_at NOT BETWEEN 1 AND 999999999999999",
    found: "it died or ended at a time that cannot be",
    mends: "it died or ended now",
    repair: set(`finished_at = ?1, turn = ${NEXT_DEAD}`),
  },
  {
    problem: "mistimed",
    when: `state = 'dead' AND EXISTS (SELECT 1 FROM {message} AS other WHERE other.state = 'dead'
      AND other.finished_at = row.finished_at AND other.turn = row.turn AND other.key < row.key)`,
    found: "it shares its place on the list of dead letters with another, and a page may skip it",
    mends: "it is put on top of the list",
    repair: set(`finished_at = ?1, turn = ${NEXT_DEAD}`),
  },
];

const BODY: readonly Rule[] = [{
  problem: "unlisted",
  when: "NOT EXISTS (SELECT 1 FROM {message} AS message WHERE message.key = row.key)",
  found: "there is a body whose message is gone",
  mends: 'it is a dead letter of the queue "default"',
  repair: `INSERT INTO {message} (key, id, nonce, queue, lane, state, turn, enqueued_at, expires_at,
    finished_at) VALUES (?2, 'lost-' || CAST(?2 AS INTEGER), '-', 'default', 1, 'dead', ${NEXT_DEAD}, ?1, 0, ?1)`,
}];

const DEDUPE: readonly Rule[] = [{
  problem: "mistimed",
  when: `until NOT BETWEEN 0 AND ${LATEST_MS}`,
  found: "this dedupe key is held until a time that cannot be",
  mends: "the key is free",
  repair: "DELETE FROM {dedupe} WHERE key = ?2",
}];

const SLOT: readonly Rule[] = [
  {
    problem: "damaged",
    when: `seq NOT BETWEEN -${MOST} AND ${MOST} OR keys GLOB '*[^0-9,]*'
      OR settled GLOB '*[^ol]*'`,
    found: "what this channel was last answered cannot be read",
    mends: "it is removed; no message is in it",
    repair: "DELETE FROM {slot} WHERE channel = ?2",
  },
  {
    problem: "mistimed",
    when: `used_at NOT BETWEEN 0 AND ${LATEST_MS}`,
    found: "this channel was last used at a time that cannot be",
    mends: "it was used now, and is forgotten in an hour",
    repair: "UPDATE {slot} SET used_at = ?1 WHERE channel = ?2",
  },
];

/** The tables, in the order in which they are walked. */
export const TABLES: readonly Table[] = [
  { name: "message", key: "key", id: "id", rules: MESSAGE },
  { name: "body", key: "key", id: "'body ' || key", rules: BODY },
  { name: "dedupe", key: "key", id: "'#' || key", rules: DEDUPE },
  { name: "slot", key: "channel", id: "'@' || channel", rules: SLOT },
];
