/** Stops messages: what the script for it is told, and what its answer means. */

import type { MessageRef } from "../broker.ts";
import { guardBatch } from "../guards.ts";
import { guardName, safeId, wholeMs } from "./guards.ts";
import { LineIndex, lineName } from "./keys.ts";
import type { Reach } from "./runner.ts";
import { cancelScript } from "./scripts/cancel.ts";

const CANCELLED: Readonly<Record<string, "cancelled" | "not_found" | "final">> = {
  c: "cancelled",
  f: "final",
  n: "not_found",
};

/** Stops messages that are not final. */
export async function cancelMessages(
  { runner, keys }: Reach,
  messages: readonly (MessageRef & { readonly result: string })[],
  op: { readonly id: string; readonly retainMs: number },
): Promise<("cancelled" | "not_found" | "final")[]> {
  guardBatch("cancel", messages);
  guardName("cancel", "operation", op.id);
  if (messages.length === 0) return [];
  const lines = new LineIndex();
  const entries = messages.map((message) =>
    `${safeId(message.id)} ${lines.of(lineName(message))} ${message.result}`
  );
  const args = { op: op.id, retainMs: wholeMs(op.retainMs), messages: entries };
  const call = { args, lines: keys.dues(lines.lines) };
  const letters = await runner.run(cancelScript, call, { operation: "cancel" });
  return Array.from(letters, (letter) => CANCELLED[letter] ?? "not_found");
}
