/** Instants as the store counts them: whole milliseconds since 1970. */

/** The least retention: a request may be sent again for that long and finds its outcome. */
const MIN_RETAIN_MS = 10 * 60_000;

/** Gives the instant that lies a while after another. */
export function after(nowMs: number, ms: number): number {
  return Math.round(nowMs + ms);
}

/** Gives the instant from which an outcome counts as unknown. */
export function forgetAt(nowMs: number, retainMs: number): number {
  return after(nowMs, Math.max(retainMs, MIN_RETAIN_MS));
}
