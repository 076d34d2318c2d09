/** Lanes as the store counts them, and the order among equals. */

import { PRIORITIES, type Priority } from "../broker.ts";

/** Gives the number of a lane: 0 is served first. */
export function laneOf(priority: Priority): number {
  const lane = PRIORITIES.indexOf(priority);
  // Stored under a lane that nobody claims, a message would be lost.
  if (lane < 0) throw new TypeError(`Unknown priority "${priority}"`);
  return lane;
}

/** Gives the name of a lane. */
export function priorityOf(lane: number): Priority {
  return PRIORITIES[lane]!;
}

/**
 * Writes the SQL for the last place among the messages of a line with the same visible-at; those
 * that became visible at one instant are claimed in the order in which they got there.
 */
export function lastTurn(queue: string, lane: string, visibleAt: string): string {
  return `(SELECT coalesce(max(turn), 0) FROM {message} AS other
    WHERE other.queue = ${queue} AND other.lane = ${lane} AND other.visible_at = ${visibleAt})`;
}
