/** A mutant: the code with one guard taken out, and the tests that must turn red for it. */

/** Says which guard is taken out, and where. */
export interface Mutant {
  /** The guard, in a few words. */
  readonly guard: string;
  /** The file that holds it. */
  readonly file: string;
  /** The text that is replaced; it must stand there exactly once. */
  readonly find: string;
  /** What stands there instead. */
  readonly put: string;
  /** Test files of which one at least must fail. */
  readonly tests: readonly string[];
}

/** Takes the guard out of a source; throws when it is not where it was. */
export function mutate(source: string, { file, find, put, guard }: Mutant): string {
  const count = source.split(find).length - 1;
  if (count === 1) return source.replace(find, () => put);
  throw new Error(`Mutant "${guard}" does not fit ${file}: its text stands there ${count} times`);
}
