/** Words: how states, times and sizes are put for people. */

const STATES = {
  blocked: "Blocked",
  scheduled: "Waiting",
  ready: "In the queue",
  leased: "Running",
  succeeded: "Done",
  dead: "Gave up",
  cancelled: "Cancelled",
  expired: "Expired",
};

/** Names a message's state. */
export function stateWord(state) {
  return STATES[state] ?? state;
}

/** Says whether a state is final. */
export function isFinal(state) {
  return ["succeeded", "dead", "cancelled", "expired"].includes(state);
}

/** Writes a number of bytes, such as `8.4 KB`. */
export function bytesText(bytes) {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} KB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** Writes an instant as the time of day, by the second. */
export function timeText(instant) {
  return new Date(instant).toLocaleTimeString([], {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  });
}

/** Writes the time until an instant in whole seconds; 0 s once it has passed. */
export function secondsUntil(instant, now) {
  return `${Math.max(0, Math.ceil((new Date(instant).getTime() - now) / 1_000))} s`;
}
