/** The names of all events, for whoever may not have a compiler that knows them. */

import type { DabbaEvents } from "./events.ts";
import type { Known } from "./known_options.ts";

// Apart from the events themselves, since no producer has room for the list.
const EVENT_NAMES: Known<DabbaEvents> = {
  enqueued: true,
  started: true,
  succeeded: true,
  retried: true,
  deferred: true,
  released: true,
  dead: true,
  deadDropped: true,
  deadNearlyFull: true,
  expired: true,
  leaseLost: true,
  unknownTask: true,
  skipped: true,
  outage: true,
  alarm: true,
  repaired: true,
  listening: true,
  deaf: true,
  overBudget: true,
  recovered: true,
};

/** Checks that there are events of these names; throws `TypeError`. */
export function checkEvents(listeners: object | undefined): void {
  for (const name in listeners) {
    if (Object.hasOwn(EVENT_NAMES, name)) continue;
    const names = Object.keys(EVENT_NAMES).join(", ");
    throw new TypeError(`Cannot listen to "${name}": there is no such event; there are ${names}`);
  }
}
