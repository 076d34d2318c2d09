/** Words what the scripts of a check have found. */

import type { Finding, Problem } from "../broker.ts";
import type { ReplyReader } from "./reply.ts";

/** Is a finding as a script tells it. */
export interface Told {
  readonly code: string;
  readonly id: string;
  readonly text: string;
}

/** Reads the findings at the end of a reply. */
export function readTold(reply: ReplyReader): Told[] {
  return Array.from({ length: reply.number() }, () => ({
    code: reply.marked(),
    id: reply.marked(),
    text: reply.marked(),
  }));
}

type Kind = readonly [problem: Problem, found: (text: string) => string, mends: string];

const KINDS: Readonly<Record<string, Kind>> = {
  live_unlisted: [
    "unlisted",
    (line) => `it waits or is held, but is not in line "${line}"`,
    "it is put back into its line",
  ],
  live_mistimed: [
    "mistimed",
    (times) => `its place in the line and its own time differ (${times})`,
    "its place is taken by its own time",
  ],
  live_in_dead: [
    "misplaced",
    () => "it is listed among the dead letters, but it is not dead",
    "it is taken off the list of the dead",
  ],
  live_in_exp: [
    "misplaced",
    () => "it is about to be forgotten, but it has not ended",
    "it is not forgotten any more",
  ],
  dead_unlisted: [
    "unlisted",
    () => "it is dead, but not on the list of dead letters",
    "it is put on the list",
  ],
  dead_mistimed: [
    "mistimed",
    (score) => `it is on the list of dead letters at ${score}, where no page finds it`,
    "it is put on top of the list",
  ],
  dead_shared: [
    "mistimed",
    (score) => `it shares its place on the list of dead letters, ${score}, with another`,
    "it is put on top of the list, so that no page skips it",
  ],
  dead_in_line: [
    "misplaced",
    (line) => `it is dead, and in line "${line}" too`,
    "it is taken out of the line",
  ],
  ended_unlisted: [
    "unlisted",
    () => "it has ended, and would never be forgotten",
    "it is forgotten in time",
  ],
  ended_mistimed: [
    "mistimed",
    (times) => `it has ended, and is to be forgotten at another time than it says (${times})`,
    "it is forgotten when it says",
  ],
  ended_in_line: [
    "misplaced",
    (line) => `it has ended, and is in line "${line}" too`,
    "it is taken out of the line",
  ],
  ended_in_dead: [
    "misplaced",
    () => "it has ended otherwise, and is listed among the dead letters too",
    "it is taken off the list of the dead",
  ],
  ended_held: [
    "misplaced",
    () => "it has ended, and is held too: its holder could end it again",
    "nobody holds it any more",
  ],
  record_missing: [
    "missing",
    () => "something is known of who held it, nothing of the message itself",
    "what is left of it is removed",
  ],
  record_empty: ["missing", () => "its record is empty", "what is left of it is removed"],
  record_damaged: [
    "damaged",
    (text) => `its record cannot be read: ${text}`,
    "it is a dead letter whose body is all that is left",
  ],
  hold_damaged: [
    "damaged",
    (text) => `who holds it, or how often it failed, cannot be read: ${text}`,
    "it counts as never begun; a dead letter stays one",
  ],
  entry_missing: [
    "missing",
    (line) => `line "${line}" has an entry for it, but there is no such message`,
    "the entry is removed",
  ],
  entry_misplaced: [
    "misplaced",
    (text) => `line "${text.split(" ")[0]}" has an entry for it, but its line is another`,
    "the entry is removed; it keeps the one in its own line",
  ],
  dead_missing: [
    "missing",
    () => "the list of dead letters has an entry for it, but there is no such message",
    "the entry is removed",
  ],
  exp_missing: [
    "missing",
    () => "it is to be forgotten, but there is nothing of it",
    "the entry is removed",
  ],
  slot_damaged: [
    "damaged",
    () => "what its channel was last answered cannot be read",
    "it is removed; no message is in it",
  ],
  slot_unlisted: [
    "unlisted",
    () => "what its channel was last answered would never be forgotten",
    "it is forgotten in time",
  ],
  slot_mistimed: [
    "mistimed",
    (score) => `what its channel was last answered is to be forgotten at ${score}`,
    "it is forgotten in time",
  ],
  key_damaged: [
    "damaged",
    () => "who holds this dedupe key cannot be read",
    "the key is free",
  ],
  key_unlisted: [
    "unlisted",
    () => "this dedupe key would never be forgotten",
    "it is forgotten in time",
  ],
  key_mistimed: [
    "mistimed",
    (score) => `this dedupe key is to be forgotten at ${score}, another time than it is held for`,
    "it is forgotten when it says",
  ],
  line_name: [
    "damaged",
    () => "the list of lines names one that no queue can have",
    "the name is removed",
  ],
  line_used: [
    "damaged",
    () => "the list of lines names one that no queue can have, and it has entries",
    "",
  ],
  line_hint: [
    "unindexed",
    (hint) => `when the line has work cannot be read: ${hint}`,
    "it is read from the line",
  ],
  line_unlisted: [
    "unindexed",
    () => "the line has messages, but is not on the list of lines",
    "it is put on the list",
  ],
  line_hidden: [
    "unindexed",
    (hint) => `the line has work before "${hint}", when it says that it has`,
    "it is read from the line",
  ],
  line_half: [
    "unindexed",
    () => "the line is empty, but half of what says so is left",
    "the other half is removed",
  ],
  foreign: ["damaged", () => "this field of the messages' hash is none of Dabba's", ""],
};

/** What is left to people. */
const BY_HAND: Readonly<Record<string, (key: string, id: string) => string>> = {
  foreign: (key, id) => `look at it, then remove it by hand: HDEL ${key} "${id}"`,
  line_used: () => "its entries are removed by this check: when mended, check once more",
};

/** Words a finding; `mended` says that it was to be mended, `msg` names the messages' hash. */
export function wordFinding(
  { code, id, text }: Told,
  { mended, msg }: { readonly mended: boolean; readonly msg: string },
): Finding {
  const kind = KINDS[code];
  if (kind === undefined) throw new TypeError(`A check told of "${code}", which is not known`);
  const [problem, found, mends] = kind;
  const byHand = BY_HAND[code]?.(msg, id);
  const repaired = mended && byHand === undefined;
  const then = byHand ?? (repaired ? mends : `when mended, ${mends}`);
  return { id, problem, detail: `${found(text)}; ${then}`, repaired };
}
