/** Names of options: a mistyped one must not pass for one that was left out. */

/** Checks that there are no others; throws `TypeError`. */
export function checkKnown(
  options: object | undefined,
  known: Readonly<Record<string, true>>,
  what: string,
): void {
  for (const name in options) {
    if (Object.hasOwn(known, name)) continue;
    const names = Object.keys(known).join(", ");
    throw new TypeError(`Cannot ${what}: there is no option "${name}"; there are ${names}`);
  }
}
