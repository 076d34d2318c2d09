/** A metric of the bench: what is measured, and what the figure is held against. */

/** Is one line of the table. */
export interface Row {
  /** What was measured, where, and how. */
  readonly metric: string;
  /** The figure; a text says why there is none. */
  readonly value: number | string;
  readonly unit: string;
  /** What was to be reached, such as `≥ 5`; null where the figure only informs. */
  readonly goal: string | null;
  /** Whether it was; null where there is no goal. */
  readonly met: boolean | null;
}

/** Says how far a metric goes. */
export interface Scale {
  /** Whether it ends within seconds, at a part of the size. */
  readonly short: boolean;
  /** Tells people what came of each turn. */
  readonly say: (text: string) => void;
}

/** Is a module of the bench. */
export interface Metric {
  /** What it is called on the command line. */
  readonly name: string;
  /** What it measures, in a few words. */
  readonly title: string;
  /** Measures; what it throws is told in its row. */
  run(scale: Scale): Promise<Row[]>;
}

/** Is a figure that was to be reached. */
export interface Goal {
  readonly text: string;
  readonly holds: (value: number) => boolean;
}

/** Makes the goal of a figure that may not be less. */
export function atLeast(limit: number): Goal {
  return { text: `≥ ${limit}`, holds: (value) => value >= limit };
}

/** Makes the goal of a figure that may not be more. */
export function atMost(limit: number): Goal {
  return { text: `≤ ${limit}`, holds: (value) => value <= limit };
}

/** Makes a row of a figure. */
export function figure(metric: string, [value, unit]: readonly [number, string], goal?: Goal): Row {
  const rounded = round(value);
  return {
    metric,
    value: rounded,
    unit,
    goal: goal?.text ?? null,
    // What is printed is what is judged: the table must not say that 1.0 is more than 1.
    met: goal === undefined ? null : Number.isFinite(value) && goal.holds(rounded),
  };
}

/** Makes the row of what could not be measured. */
export function unmeasured(metric: string, why: string, goal?: Goal): Row {
  return { metric, value: why, unit: "", goal: goal?.text ?? null, met: goal ? false : null };
}

/** Keeps three digits of what is below a thousand, and whole numbers above. */
function round(value: number): number {
  return Math.abs(value) >= 1_000 ? Math.round(value) : Number(value.toPrecision(3));
}
