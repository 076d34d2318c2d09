/** Keys of Deno KV: what they may hold, and their order. */

/** Is a part of a key. */
export type KvKeyPart = Uint8Array | string | number | bigint | boolean;

/** Is a key: its parts, from the general to the special. */
export type KvKey = readonly KvKeyPart[];

/** Checks a key, and gives it back; throws `TypeError`. */
export function checkKey(key: unknown, what = "key"): KvKey {
  if (!Array.isArray(key)) {
    throw new TypeError(`Cannot use ${what}: expected an array of parts, such as ["failed", 1]`);
  }
  if (key.length === 0) throw new TypeError(`Cannot use ${what}: it must have at least one part`);
  checkParts(key, what);
  return key;
}

/** Checks the parts of a key or of a prefix; throws `TypeError`. */
export function checkParts(parts: readonly unknown[], what: string): void {
  // Not `every`, which passes over holes.
  for (const part of Array.from(parts)) {
    if (rank(part) < 0) {
      throw new TypeError(
        `Cannot use ${what}: its parts must be string, number, bigint, boolean or Uint8Array`,
      );
    }
  }
}

/** Compares two keys, part by part, as Deno KV orders them. */
export function compareKeys(a: KvKey, b: KvKey): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareParts(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Says whether a key lies below a prefix: it begins with it, and goes on. */
export function isBelow(key: KvKey, prefix: KvKey): boolean {
  return key.length > prefix.length && compareKeys(key.slice(0, prefix.length), prefix) === 0;
}

function compareParts(a: KvKeyPart, b: KvKeyPart): number {
  const order = rank(a) - rank(b);
  if (order !== 0) return order;
  if (a instanceof Uint8Array) return compareBytes(a, b as Uint8Array);
  if (typeof a === "string") {
    const encoder = new TextEncoder();
    return compareBytes(encoder.encode(a), encoder.encode(b as string));
  }
  if (typeof a === "number") return compareNumbers(a, b as number);
  return a === b ? 0 : a < b ? -1 : 1;
}

// -0 stands before 0, and NaN behind all others.
function compareNumbers(a: number, b: number): number {
  if (Object.is(a, b)) return 0;
  if (a === b) return Object.is(a, -0) ? -1 : 1;
  return Number.isNaN(b) || a < b ? -1 : 1;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return a.length - b.length;
}

// Bytes, strings, bigints, numbers, booleans: as Deno KV does it, not as its documentation says.
function rank(part: unknown): number {
  if (part instanceof Uint8Array) return 0;
  return ["", "string", "bigint", "number", "boolean"].indexOf(typeof part);
}
