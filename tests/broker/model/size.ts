/** How many runs a batch has: CI does them all, and everybody else a tenth. */

/** Bounds that the dead letters of a run come to. */
export const FEW_DEAD = { deadLetters: { count: 3, bytes: 150 } };

/** The runs of one batch on one broker. */
export const RUNS = Deno.env.get("CI") ? 2_000 : 200;
