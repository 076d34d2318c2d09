/**
 * Tells whether two values are deeply equal, as `assertEquals` means it: same prototype, same own
 * enumerable properties; maps and sets whatever their order; NaN equals NaN and 0 equals -0.
 */
export function equal(a: unknown, b: unknown): boolean {
  return compare(a, b, new Map());
}

type Seen = Map<object, object>;

function compare(a: unknown, b: unknown, seen: Seen): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (!samePrototype(a, b)) return false;
  if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime());
  if (a instanceof RegExp || a instanceof URL) return String(a) === String(b);
  if (a instanceof WeakMap || a instanceof WeakSet) {
    throw new TypeError(`Cannot compare ${a.constructor.name}: its content cannot be listed`);
  }
  // A cycle is equal if it closes at the same place on both sides.
  if (seen.get(a) === b) return true;
  seen.set(a, b);
  if (a instanceof WeakRef && b instanceof WeakRef) return compare(a.deref(), b.deref(), seen);
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) return sameBytes(a, b);
  if (a instanceof ArrayBuffer && b instanceof ArrayBuffer) {
    return sameBytes(new Uint8Array(a), new Uint8Array(b));
  }
  if (a instanceof Set && b instanceof Set && !sameSet(a, b, seen)) return false;
  if (a instanceof Map && b instanceof Map && !sameMap(a, b, seen)) return false;
  if (a instanceof Error && b instanceof Error && !sameError(a, b, seen)) return false;
  return sameProperties(a, b, seen);
}

function samePrototype(a: object, b: object): boolean {
  const [one, other] = [Object.getPrototypeOf(a), Object.getPrototypeOf(b)];
  if (one === other) return true;
  // An object without a prototype, such as one from a query parser, equals its literal.
  return (one === null && other === Object.prototype) ||
    (other === null && one === Object.prototype);
}

function sameBytes(a: ArrayBufferView, b: ArrayBufferView): boolean {
  if (a.byteLength !== b.byteLength) return false;
  const one = new Uint8Array(a.buffer, a.byteOffset, a.byteLength);
  const other = new Uint8Array(b.buffer, b.byteOffset, b.byteLength);
  return one.every((byte, index) => byte === other[index]);
}

function sameSet(a: Set<unknown>, b: Set<unknown>, seen: Seen): boolean {
  if (a.size !== b.size) return false;
  const left = new Set(b);
  for (const item of a) {
    const match = left.has(item)
      ? item
      : [...left].find((other) => compare(item, other, new Map(seen)));
    if (!left.delete(match)) return false;
  }
  return true;
}

function sameMap(a: Map<unknown, unknown>, b: Map<unknown, unknown>, seen: Seen): boolean {
  if (a.size !== b.size) return false;
  const left = new Set(b.entries());
  for (const entry of a) {
    const match = [...left].find((other) => compare(entry, other, new Map(seen)));
    if (!match) return false;
    left.delete(match);
  }
  return true;
}

/** What an error says is not enumerable, yet it is what differs. */
function sameError(a: Error, b: Error, seen: Seen): boolean {
  return a.name === b.name && a.message === b.message && compare(a.cause, b.cause, seen);
}

function sameProperties(a: object, b: object, seen: Seen): boolean {
  const [keys, others] = [ownKeys(a), new Set(ownKeys(b))];
  if (keys.length !== others.size) return false;
  return keys.every((key) =>
    others.has(key) && compare(Reflect.get(a, key), Reflect.get(b, key), seen)
  );
}

function ownKeys(value: object): PropertyKey[] {
  return Reflect.ownKeys(value).filter((key) =>
    Object.prototype.propertyIsEnumerable.call(value, key)
  );
}
