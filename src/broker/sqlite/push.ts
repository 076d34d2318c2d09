/** Stores new messages, unless their id or their key is taken. */

import type { PushMessage, PushReply } from "../broker.ts";
import { after } from "./instant.ts";
import { laneOf, lastTurn } from "./line.ts";
import { opaque } from "./opaque.ts";
import type { Sql } from "./sql.ts";

/** Prepares the operation; to be called inside a transaction that may write. */
export function preparePush(
  sql: Sql,
): (messages: readonly PushMessage[], nowMs: number) => PushReply[] {
  const known = prepareKnown(sql);
  const holder = prepareHolder(sql);
  const insert = prepareInsert(sql);
  const take = sql.prepare("INSERT OR REPLACE INTO {dedupe} (key, id, until) VALUES (?, ?, ?)");

  function pushOne(message: PushMessage, nowMs: number): PushReply {
    const { id, nonce, dedupe } = message;
    const first = known(id, nowMs);
    if (first !== undefined) {
      return { id, disposition: first === nonce ? "enqueued" : "duplicate" };
    }
    if (dedupe !== undefined) {
      const winner = holder.get(dedupe.key, nowMs, nowMs, nowMs);
      if (winner !== undefined) return { id: winner.id, disposition: "duplicate" };
      take.run(dedupe.key, id, after(nowMs, dedupe.ttlMs));
    }
    insert(message, nowMs);
    return { id, disposition: "enqueued" };
  }
  return (messages, nowMs) => messages.map((message) => pushOne(message, nowMs));
}

/** Finds the nonce under which an id is known; a record past its time goes away in passing. */
function prepareKnown(sql: Sql): (id: string, nowMs: number) => string | undefined {
  const find = sql.prepare<{ nonce: string; forget_at: number | null }>(
    "SELECT nonce, forget_at FROM {message} WHERE id = ?",
  );
  const forget = sql.prepare("DELETE FROM {message} WHERE id = ?");
  return (id, nowMs) => {
    const row = find.get(id);
    if (row === undefined) return undefined;
    if (row.forget_at === null || row.forget_at > nowMs) return row.nonce;
    forget.run(id);
    return undefined;
  };
}

/** Finds the message that holds a dedupe key; one that died, expired or was cancelled does not. */
function prepareHolder(sql: Sql) {
  return sql.prepare<{ id: string }>(`
    SELECT winner.id FROM {dedupe} AS held JOIN {message} AS winner ON winner.id = held.id
    WHERE held.key = ? AND held.until > ?
      AND (winner.state = 'succeeded' AND winner.forget_at > ?
        OR winner.state = 'live'
          AND (winner.fence > 0 OR winner.expires_at = 0 OR winner.expires_at > ?))`);
}

function prepareInsert(sql: Sql): (message: PushMessage, nowMs: number) => void {
  const head = sql.prepare(`
    INSERT INTO {message}
      (id, nonce, queue, lane, visible_at, turn, enqueued_at, expires_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ${lastTurn("?3", "?4", "?5")} + 1, ?6, ?7)`);
  const body = sql.prepare("INSERT INTO {body} (key, body) VALUES (?, ?)");
  return (message, nowMs) => {
    const { id, nonce, queue, delayMs, dueAtMs, expiresInMs } = message;
    const visibleAt = dueAtMs === undefined ? after(nowMs, delayMs) : Math.max(dueAtMs, nowMs);
    const expiresAt = expiresInMs > 0 ? after(nowMs, expiresInMs) : 0;
    const lane = laneOf(message.priority);
    const { lastInsertRowid } = head.run(
      id,
      nonce,
      queue,
      lane,
      Math.round(visibleAt),
      nowMs,
      expiresAt,
    );
    body.run(lastInsertRowid, opaque(message.body));
  };
}
