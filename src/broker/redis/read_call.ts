/** Reads messages for display: what the script for it is told, and what its answer means. */

import type { MessageRecord } from "../broker.ts";
import { guardBatch } from "../guards.ts";
import { runCommand } from "./command.ts";
import { safeId } from "./guards.ts";
import { parseStored } from "./record.ts";
import { ReplyReader } from "./reply.ts";
import type { Runner } from "./runner.ts";
import { readScript, type Stored } from "./scripts/read.ts";

/** Reads messages; undefined for those that are unknown. */
export async function readMessages(
  runner: Runner,
  ids: readonly string[],
): Promise<(MessageRecord | undefined)[]> {
  guardBatch("read", ids);
  if (ids.length === 0) return [];
  const call = { args: { ids: ids.map(safeId) } };
  const { nowMs, stored } = await runner.run(readScript, call, { operation: "read" });
  return stored.map((one) => parseStored(one, nowMs));
}

/**
 * Reads messages whose outcome is waited for, by one command instead of three. It does not ask for the
 * time, so of what has no outcome it only tells whether somebody holds it.
 */
export async function readOutcomes(
  runner: Runner,
  msg: string,
  ids: readonly string[],
): Promise<(MessageRecord | undefined)[]> {
  guardBatch("read", ids);
  if (ids.length === 0) return [];
  const fields = ids.map(safeId).flatMap((id) => [id, `${id}!`]);
  const stored = await runCommand(runner, ["HMGET", msg, ...fields], {
    operation: "read",
    read: (reply) => readPairs(reply, ids),
  });
  // Whether it has expired unclaimed is the store's clock's to say.
  if (stored === undefined || stored.some(mayExpire)) return await readMessages(runner, ids);
  return stored.map((one) => parseStored(one, 0));
}

function readPairs(reply: unknown, ids: readonly string[]): Stored[] {
  const reader = new ReplyReader(Array.isArray(reply) ? reply.map((text) => text ?? "") : reply);
  return ids.map((id) => ({ id, record: reader.text(), hold: reader.text(), progress: "" }));
}

function mayExpire({ record, hold }: Stored): boolean {
  return hold === "" && /^L \S+ \d+ \S+ \d+ [1-9]/.test(record);
}
