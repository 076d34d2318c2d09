/** JSON values by seed, full of what stores and clients are known to change. */

import type { Random } from "../broker/contract/random.ts";

const TRAPS: readonly unknown[] = [
  ...["007", "true", "null", "[]", "{}", "1e3", "-0", "12345678901234567890", "", " ", "OK"],
  ...["\u0000", "a\u0000b", "\uD800", "\uDFFFx", "\u2028", "\u{1F35B}", "\\", '"', "\r\n", "é"],
  ...[0, -0, 1, -1, 0.1, 1e21, 1e-7, 2 ** 53, -(2 ** 53), 2 ** 53 - 1, Number.MAX_VALUE],
  ...[Number.MIN_VALUE, 130775545883395170, true, false, null, [], {}, [[]], [null], [{}]],
];
const NAMES = [
  ...["a", "b", "", "0", "-1", "constructor", "toString", "then", "\u0000", "\uD800", "é"],
  ...["prototype", "length", "toJSON ", "a b", "{}", "null"],
];
const DEPTH = 5;

/** Draws one; half of all parts are traps. */
export function drawJson(random: Random, depth = DEPTH): unknown {
  const kind = random.weighted({
    trap: 5,
    number: 2,
    text: 2,
    list: depth > 0 ? 3 : 0,
    object: depth > 0 ? 3 : 0,
    proto: depth > 0 ? 1 : 0,
  });
  switch (kind) {
    case "trap":
      return random.pick(TRAPS);
    case "number":
      return (random.below(2 ** 31) - 2 ** 30) / (random.chance(50) ? 1 : 1 + random.below(1_000));
    case "text":
      return drawText(random);
    case "list":
      return Array.from({ length: random.below(5) }, () => drawJson(random, depth - 1));
    case "proto":
      // An own property of that name, as JSON.parse makes it.
      return JSON.parse(`{"__proto__": ${JSON.stringify(drawJson(random, 0))}, "polluted": true}`);
    case "object":
      return Object.fromEntries(
        Array.from({ length: random.below(5) }, () => [
          random.chance(60) ? random.pick(NAMES) : drawText(random),
          drawJson(random, depth - 1),
        ]),
      );
  }
}

// Any code units, surrogates without their other half included.
function drawText(random: Random): string {
  const units = Array.from(
    { length: random.below(12) },
    () => random.chance(70) ? random.between(32, 126) : random.below(0x10000),
  );
  return String.fromCharCode(...units);
}

/** Whether two values are the same JSON, -0 and the order of properties included. */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || a === null || typeof b !== "object" || b === null) {
    return Object.is(a, b);
  }
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [own, other] = [Object.entries(a), Object.entries(b)];
  return own.length === other.length &&
    own.every(([name, value], i) => name === other[i]![0] && isSameJson(value, other[i]![1]));
}
