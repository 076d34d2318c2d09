/** Names of options: a mistyped one must not pass for one that was left out. */

/** Lists the options that there are: the compiler sees to it that none is forgotten. */
export type Known<T> = Readonly<Record<keyof T, true>>;

/** Checks that there are no others; throws `TypeError`. */
export function checkKnown(
  options: object | undefined,
  known: Readonly<Record<string, true>>,
  what: string,
): void {
  for (const name in options) {
    if (Object.hasOwn(known, name)) continue;
    throw new TypeError(
      `Cannot ${what}: there is no option "${name}"; there are ${Object.keys(known).join(", ")}`,
    );
  }
}
