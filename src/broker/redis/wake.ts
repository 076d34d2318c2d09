/** Wake-ups in Redis: what scripts publish, read for one worker. */

import type { Call, Watch } from "../wake.ts";
import type { RedisClient } from "./client.ts";
import { asBrokerError } from "./errors.ts";

/**
 * Subscribes a worker; resolves when the subscription has ended.
 *
 * @throws {BrokerError} when it cannot be had.
 */
export async function listenFor(
  listen: NonNullable<RedisClient["listen"]>,
  channel: string,
  watch: Watch,
): Promise<void> {
  try {
    await listen(channel, {
      signal: watch.signal,
      opened: () => watch.onLive(),
      told: (text) => {
        // A connection that is being closed may still bring what was on its way.
        if (!watch.signal.aborted) readCalls(text, watch).forEach((call) => watch.onCall(call));
      },
    });
  } catch (error) {
    if (!watch.signal.aborted) throw asBrokerError("listen for messages", error);
  }
}

/** Reads `line wait id.look id.look|line wait …`; what is no such text tells nothing. */
export function readCalls(text: string, watch: Pick<Watch, "queues" | "id">): Call[] {
  return text.split("|").flatMap((part) => {
    const [line = "", wait = "", ...called] = part.split(" ");
    if (!watch.queues.includes(line.slice(0, -2)) || !/^\d+$/.test(wait)) return [];
    const own = called.find((word) => word.startsWith(`${watch.id}.`));
    const look = own === undefined ? {} : { look: Number(own.slice(watch.id.length + 1)) };
    return [{ waitMs: Number(wait), ...look }];
  });
}
