/** Bounds of the dead letters: how many a store keeps, and when that is worth an alarm. */

/**
 * Bounds the dead letters of a namespace; the one that died first goes first.
 *
 * A letter younger than a minute stays, whatever the bounds. They are looked at when a worker tidies up:
 * after some 250 messages that have ended, and every five minutes.
 */
export interface DeadLetterBounds {
  /**
   * The most letters.
   *
   * @default 100_000
   */
  readonly count: number;
  /**
   * The most bytes of their bodies and histories.
   *
   * @default 67_108_864
   */
  readonly bytes: number;
}

/** Tells how many dead letters there are, and how many bytes their bodies and histories take. */
export interface DeadStock {
  /** The letters. */
  readonly count: number;
  /** The bytes of their bodies and histories. */
  readonly bytes: number;
}

/** Bounds a store whose owner says nothing else. */
export const DEFAULT_DEAD_LETTERS: DeadLetterBounds = { count: 100_000, bytes: 64 * 1024 * 1024 };

/** From this part of a bound on, the dead letters are nearly full. */
export const NEARLY_FULL = 0.8;

/** Says whether so many are within the bounds. */
export function isWithin(stock: DeadStock, bounds: DeadLetterBounds): boolean {
  return stock.count <= bounds.count && stock.bytes <= bounds.bytes;
}

/** Says whether so many are worth an alarm. */
export function isNearlyFull({ count, bytes }: DeadStock, bounds: DeadLetterBounds): boolean {
  return count > 0 &&
    (count >= NEARLY_FULL * bounds.count || bytes >= NEARLY_FULL * bounds.bytes);
}
