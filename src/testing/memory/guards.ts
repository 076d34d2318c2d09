/** Refuses messages that could not be claimed, before anything is changed. */

import { PRIORITIES, type PushMessage } from "../../broker/broker.ts";
import { guardBatch } from "../../broker/guards.ts";

/** Refuses messages that could not be claimed. */
export function guardMessages(messages: readonly PushMessage[]): void {
  guardBatch("enqueue", messages);
  for (const { priority } of messages) {
    // In a lane that nobody claims, a message would be lost.
    if (!PRIORITIES.includes(priority)) throw new TypeError(`Unknown priority "${priority}"`);
  }
}
