/** How long an outcome stays readable. */

/** The least retention: a request may be sent again for that long and finds its outcome. */
const MIN_RETAIN_MS = 10 * 60_000;

/** Gives the instant from which an outcome counts as unknown. */
export function forgetAt(nowMs: number, retainMs: number): number {
  return nowMs + Math.max(retainMs, MIN_RETAIN_MS);
}
