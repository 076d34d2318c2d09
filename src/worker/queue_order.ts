/** In which order a worker looks into its queues: strict, or by weight. */

/** Names queues in strict order, or gives each a weight. */
export type Queues = readonly string[] | { readonly [queue: string]: number };

/** Gives the order for the next claim. */
export type QueueOrder = (random: () => number) => readonly string[];

/**
 * Makes the order: a list is strict (the first queue that has work is served first), weights draw the
 * first queue in proportion, then the second among the rest, and so on.
 */
export function queueOrder(queues: Queues): QueueOrder {
  if (Array.isArray(queues)) {
    const strict = [...queues as readonly string[]];
    return () => strict;
  }
  const weights = Object.entries(queues as { readonly [queue: string]: number });
  for (const [queue, weight] of weights) {
    if (!(weight > 0 && Number.isFinite(weight))) {
      throw new RangeError(`Cannot weigh queue "${queue}" by ${weight}: expected more than 0`);
    }
  }
  // Exponential races: the smallest -ln(u)/weight wins with a chance in proportion to its weight.
  return (random) =>
    weights
      .map(([queue, weight]) => ({ queue, rank: -Math.log(1 - random()) / weight }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ queue }) => queue);
}

/** Lists the queues named. */
export function queueNames(queues: Queues): readonly string[] {
  return Array.isArray(queues) ? [...new Set(queues as readonly string[])] : Object.keys(queues);
}
