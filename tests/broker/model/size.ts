/** How many runs a batch has: CI does them all, and everybody else a tenth. */

/** The runs of one batch on one broker. */
export const RUNS = Deno.env.get("CI") ? 2_000 : 200;
