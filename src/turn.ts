/** The end of a turn of the event loop: what belongs together has come together by then. */

/** What is woken together gets there within so many microtasks of each other. */
const HOPS = 16;

/**
 * Waits for the end of this turn, so that timers, signals and requests get theirs.
 *
 * Requests that arrive together are a task each: only `setImmediate` comes after all of them. Where
 * there is none, this lets the others of one task come along: a timer would cost milliseconds, and a
 * store behind a network gives everybody their turn anyway.
 */
export async function endOfTurn(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => unknown };
  if (setImmediate) return await new Promise((resolve) => void setImmediate(resolve));
  for (let hop = 0; hop < HOPS; hop++) await undefined;
}
