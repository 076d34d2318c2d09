/** Reads messages for display: what the script for it is told, and what its answer means. */

import type { MessageRecord } from "../broker.ts";
import { guardBatch, safeId } from "./guards.ts";
import { parseStored } from "./record.ts";
import type { Runner } from "./runner.ts";
import { readScript } from "./scripts/read.ts";

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
