/** What a doctor says of a store: what its broker knows, and how full its dead letters are. */

import type { Broker, BrokerStats, Diagnosis } from "./broker/broker.ts";
import { isNearlyFull } from "./broker/dead_bounds.ts";

/** Asks a broker, and counts. */
export async function examineStore(broker: Broker): Promise<Diagnosis[]> {
  const found = broker.doctor ? await broker.doctor() : [silent(broker)];
  return [...found, ...deadFindings(await broker.stats())];
}

function silent({ kind }: Broker): Diagnosis {
  const text = `The broker "${kind}" does not tell how safe messages are in its store`;
  return { level: "note", text };
}

/** Warns of dead letters that are about to be dropped; nothing where they are few. */
function deadFindings({ dead, deadBytes, deadLetters }: BrokerStats): Diagnosis[] {
  if (!isNearlyFull({ count: dead, bytes: deadBytes }, deadLetters)) return [];
  const text = `There are ${dead} dead letters of ${deadBytes} bytes; the bounds are ` +
    `${deadLetters.count} and ${deadLetters.bytes} bytes, and the oldest beyond them are dropped: ` +
    "redrive or discard some, or raise deadLetters of the broker";
  return [{ level: "warning", text }];
}
