/** Measures sides in turn, A B A B, so that what disturbs the machine disturbs them all. */

/** Is one of those that are compared. */
export interface Side {
  readonly name: string;
  /** Measures once. */
  readonly measure: () => Promise<number>;
}

/** Is what came of one side, a figure a round. */
export type Figures = ReadonlyMap<string, readonly number[]>;

/** Has each side measured once a round, in an order that turns round each time. */
export async function inTurn(
  sides: readonly Side[],
  { rounds, say }: { readonly rounds: number; readonly say: (text: string) => void },
): Promise<Figures> {
  const figures = new Map<string, number[]>(sides.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    // Whoever is always first has the machine that is always cold.
    const order = round % 2 === 0 ? sides : sides.toReversed();
    for (const { name, measure } of order) {
      const value = await measure();
      figures.get(name)!.push(value);
      say(`round ${round + 1}: ${name}: ${value.toPrecision(5)}`);
    }
  }
  return figures;
}

/** The value in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length === 0) return NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value below which so large a part lies. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}

/** The median of one side's figures. */
export function middle(figures: Figures, name: string): number {
  return median(figures.get(name) ?? []);
}

/** The median of the ratios of each round: the machine was the same for both of them. */
export function ratio(figures: Figures, [one, other]: readonly [string, string]): number {
  const others = figures.get(other) ?? [];
  return median((figures.get(one) ?? []).map((value, round) => value / others[round]!));
}
