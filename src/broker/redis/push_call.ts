/** Stores messages: what the script for it is told, and what its answer means. */

import type { PushMessage, PushReply } from "../broker.ts";
import { Entries } from "./entries.ts";
import { guardMessages, wholeMs } from "./guards.ts";
import { LineIndex, lineName } from "./keys.ts";
import type { Reach } from "./runner.ts";
import { pushScript } from "./scripts/push.ts";

/** Stores messages, all or none. */
export async function pushMessages(
  { runner, keys }: Reach,
  messages: readonly PushMessage[],
): Promise<PushReply[]> {
  guardMessages(messages);
  if (messages.length === 0) return [];
  const [lines, entries] = [new LineIndex(), new Entries()];
  for (const message of messages) {
    entries.add(pushHead(message, lines), message.id, message.body);
  }
  const args = {
    runs: entries.runs,
    ids: entries.ids,
    bodies: entries.texts,
    keyed: messages.flatMap(({ dedupe }, index) =>
      dedupe === undefined ? [] : [`${index + 1} ${wholeMs(dedupe.ttlMs)} ${dedupe.key}`]
    ),
  };
  const call = { args, lines: keys.dues(lines.lines) };
  const { dispositions, winners } = await runner.run(pushScript, call, { operation: "enqueue" });
  let duplicates = 0;
  return messages.map(({ id }, index) =>
    dispositions[index] === "e"
      ? { id, disposition: "enqueued" }
      : { id: winners[duplicates++] ?? id, disposition: "duplicate" }
  );
}

function pushHead(message: PushMessage, lines: LineIndex): string {
  const { nonce, delayMs, dueAtMs, expiresInMs } = message;
  const when = dueAtMs === undefined ? String(wholeMs(delayMs)) : `@${wholeMs(dueAtMs)}`;
  return `${lines.of(lineName(message))} ${nonce} ${when} ${wholeMs(expiresInMs)}`;
}
