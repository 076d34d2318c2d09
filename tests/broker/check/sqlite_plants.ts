/** Ways to damage a file of SQLite, each as a hand at the tables would. */

import type { DatabaseSync } from "node:sqlite";
import type { Problem } from "../../../src/broker/broker.ts";
import type { State } from "./furnish.ts";
import { oneOf, pick, type Plant } from "./ground.ts";

const HAS_BODY: readonly State[] = ["ready", "scheduled", "keyed", "leased", "retried", "dead"];
const LIVE: readonly State[] = ["ready", "scheduled", "keyed", "leased", "retried"];
const ENDED: readonly State[] = ["succeeded", "cancelled"];
const KEY_OF = "(SELECT key FROM dabba_1_message WHERE id = ?)";

/** Makes a way of changing a message of some states, to one of several values. */
function change(
  problem: Problem,
  states: readonly State[],
  changes: readonly string[],
): Plant<DatabaseSync> {
  return {
    problem,
    plant(db, spade) {
      const id = pick(spade, ...states);
      db.prepare(`UPDATE dabba_1_message SET ${oneOf(spade, changes)} WHERE id = ?`).run(id);
      return id;
    },
  };
}

/** The ways, by name. */
export const SQLITE_PLANTS: Readonly<Record<string, Plant<DatabaseSync>>> = {
  "a message is in no line": change("unlisted", LIVE, ["visible_at = NULL"]),
  "an outcome would never be forgotten": change("unlisted", ENDED, ["forget_at = NULL"]),
  "a body has no message": {
    problem: "unlisted",
    plant(db, spade) {
      const id = pick(spade, ...HAS_BODY);
      const { key } = db.prepare(`SELECT ${KEY_OF} AS key`).get(id)!;
      db.prepare("DELETE FROM dabba_1_message WHERE id = ?").run(id);
      return `body ${key}`;
    },
  },
  "a message has no body": {
    problem: "missing",
    plant(db, spade) {
      const id = pick(spade, ...HAS_BODY);
      db.prepare(`DELETE FROM dabba_1_body WHERE key = ${KEY_OF}`).run(id);
      return id;
    },
  },
  "a message that has ended has a body": {
    problem: "misplaced",
    plant(db, spade) {
      const id = pick(spade, ...ENDED);
      db.prepare(`INSERT INTO dabba_1_body VALUES (${KEY_OF}, 'body')`).run(id);
      return id;
    },
  },
  "what has ended is in a line": change("misplaced", ["dead", ...ENDED], ["visible_at = 5"]),
  "what has ended is held": change("misplaced", ["dead", ...ENDED], ["claim = 'c.1'"]),
  "a live message is to be forgotten": change("misplaced", HAS_BODY, ["forget_at = 5"]),
  "a message is due at a time that cannot be": change("mistimed", LIVE, [
    ...["visible_at = 0", "visible_at = -5", "visible_at = 9e15", "visible_at = 9e18"],
  ]),
  "an outcome is kept for longer than there are dates": change("mistimed", ENDED, [
    ...["forget_at = 9e15", "forget_at = 9e18", "forget_at = -5"],
  ]),
  "a message died at a time that cannot be": change("mistimed", ["dead"], [
    ...["finished_at = 0", "finished_at = -5", "finished_at = 9e15"],
  ]),
  "two dead letters share a place": {
    problem: "mistimed",
    alone: true,
    plant(db) {
      const [first, second] = db.prepare(
        "SELECT id, finished_at, turn FROM dabba_1_message WHERE state = 'dead' ORDER BY key",
      ).all();
      db.prepare("UPDATE dabba_1_message SET finished_at = ?, turn = ? WHERE id = ?")
        .run(first!.finished_at!, first!.turn!, second!.id!);
      return String(second!.id);
    },
  },
  "a count is below zero, or beyond counting": change("damaged", [...HAS_BODY, ...ENDED], [
    ...["fence = -1", "failures = -2", "crashes = -3", "turn = -4", "failures = 9e18"],
  ]),
  "a message is in a lane that there is none of": change("damaged", [...HAS_BODY, ...ENDED], [
    ...["lane = 7", "lane = -1"],
  ]),
  "a message is in a state that there is none of": change("damaged", HAS_BODY, [
    ...["state = 'weird'", "state = 'weird', visible_at = NULL, forget_at = 5"],
  ]),
  "a message was enqueued or expires at a time that cannot be": change(
    "damaged",
    [...HAS_BODY, ...ENDED],
    ["enqueued_at = -5", "expires_at = -5", "enqueued_at = 9e18", "expires_at = 9e18"],
  ),
  "a message is held that was never handed over": change("damaged", ["ready", "scheduled"], [
    "claim = 'c.1'",
  ]),
  "a dedupe key is held for longer than there are dates": {
    problem: "mistimed",
    plant(db, spade) {
      const key = `key of ${pick(spade, "keyed")}`;
      db.prepare("UPDATE dabba_1_dedupe SET until = ? WHERE key = ?").run(9e15, key);
      return `#${key}`;
    },
  },
  "a slot cannot be read": {
    problem: "damaged",
    alone: true,
    plant(db) {
      db.exec("UPDATE dabba_1_slot SET keys = 'garbage'");
      return `@${db.prepare("SELECT channel FROM dabba_1_slot").get()!.channel}`;
    },
  },
  "a slot was used at a time that cannot be": {
    problem: "mistimed",
    alone: true,
    plant(db) {
      db.exec("UPDATE dabba_1_slot SET used_at = 9000000000000000");
      return `@${db.prepare("SELECT channel FROM dabba_1_slot").get()!.channel}`;
    },
  },
};
