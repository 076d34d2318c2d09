/** Ids: drawn at random where the caller chooses none, checked where the caller does. */

// Not "." and "..": in a URL they stand for a folder, and clients take them out.
const NAME = /^(?!\.{1,2}$)[A-Za-z0-9_.:-]{1,64}$/;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Draws a 128-bit id: 22 characters that are safe in URLs, keys and file names. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(22));
  let id = "";
  // 21 characters of 6 bits and one of 2: 128 bits.
  for (let i = 0; i < 21; i++) id += ALPHABET[bytes[i]! & 63];
  return id + ALPHABET[bytes[21]! & 3];
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
