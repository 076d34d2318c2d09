/** Ids: drawn at random where the caller chooses none, checked where the caller does. */

// Not "." and "..": in a URL they stand for a folder, and clients take them out.
const NAME = /^(?!\.{1,2}$)[A-Za-z0-9_.:-]{1,64}$/;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** How many are drawn at once; `getRandomValues` gives 64 KiB at most. */
const AT_ONCE = 1_000;

/** Draws a 128-bit id: 22 characters that are safe in URLs, keys and file names. */
export function randomId(): string {
  return randomIds(1)[0]!;
}

/**
 * Draws many ids, at a fraction of what each costs alone. None is drawn ahead: a process that is
 * restored from a snapshot would use it again.
 */
export function randomIds(count: number): string[] {
  const ids: string[] = [];
  while (ids.length < count) {
    const bytes = crypto.getRandomValues(
      new Uint8Array(22 * Math.min(count - ids.length, AT_ONCE)),
    );
    for (let at = 0; at < bytes.length; at++) {
      // 21 characters of 6 bits and one of 2: 128 bits.
      let id = "";
      for (const end = at + 21; at < end; at++) id += ALPHABET[bytes[at]! & 63];
      ids.push(id + ALPHABET[bytes[at]! & 3]);
    }
  }
  return ids;
}

/** Checks a name of a task, queue, namespace, worker or message, and gives it back. */
export function checkName(value: unknown, what: string): string {
  if (typeof value === "string" && NAME.test(value)) return value;
  const shown = typeof value === "string" ? `"${value.slice(0, 80)}"` : String(value);
  throw new TypeError(
    `Cannot use ${what} ${shown}: expected 1 to 64 characters of A-Z a-z 0-9 _ . : -, ` +
      `and neither "." nor ".."`,
  );
}
