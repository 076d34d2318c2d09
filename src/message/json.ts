/** JSON that loses nothing: what would change on the way is refused before it is sent. */

import { UnserialisableError } from "../errors.ts";

/** Is a plain JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Deeper values overflow the stack of `JSON.stringify` and of most schema libraries. */
const MAX_DEPTH = 200;

/**
 * Writes a value as JSON text.
 *
 * Properties that are undefined are left out, and `toJSON` is honoured, as `JSON.stringify` does.
 *
 * @throws {UnserialisableError} when a part of it cannot be told from something else after the trip.
 */
export function encodeJson(value: unknown): string {
  check(value, [], []);
  return JSON.stringify(value);
}

type Path = (string | number)[];

function check(value: unknown, path: Path, parents: object[]): void {
  switch (typeof value) {
    case "string":
    case "boolean":
      return;
    case "number":
      if (Number.isFinite(value)) return;
      throw refuse(path, `${value} is not a JSON number`);
    case "object":
      return value === null ? undefined : checkObject(value, path, parents);
    case "bigint":
      throw refuse(path, "a BigInt is not JSON; send it as a string");
    default:
      throw refuse(path, `a value of type ${typeof value} is not JSON`);
  }
}

function checkObject(value: object, path: Path, parents: object[]): void {
  if (parents.includes(value)) throw refuse(path, "it contains itself");
  if (parents.length >= MAX_DEPTH) {
    throw refuse(path.slice(0, 3), `it is nested deeper than ${MAX_DEPTH} levels`);
  }
  if (value instanceof Date && Number.isNaN(value.getTime())) {
    throw refuse(path, "it is an invalid Date");
  }
  if (typeof (value as { toJSON?: unknown }).toJSON === "function") {
    const key = String(path.at(-1) ?? "");
    return check((value as { toJSON(key: string): unknown }).toJSON(key), path, [
      ...parents,
      value,
    ]);
  }
  if (value instanceof Map || value instanceof Set || ArrayBuffer.isView(value)) {
    throw refuse(path, `a ${value.constructor.name} is not JSON; send an array or an object`);
  }
  parents.push(value);
  if (Array.isArray(value)) checkArray(value, path, parents);
  else checkProperties(value, path, parents);
  parents.pop();
}

function checkArray(value: readonly unknown[], path: Path, parents: object[]): void {
  for (let i = 0; i < value.length; i++) {
    path.push(i);
    check(value[i], path, parents);
    path.pop();
  }
}

function checkProperties(value: object, path: Path, parents: object[]): void {
  for (const [key, property] of Object.entries(value)) {
    if (property === undefined) continue;
    path.push(key);
    check(property, path, parents);
    path.pop();
  }
}

function refuse(path: Path, reason: string): UnserialisableError {
  return new UnserialisableError([...path], reason);
}

const encoder = new TextEncoder();

/** Says whether a text is longer than `limit` bytes of UTF-8, and how long if it is. */
export function bytesOver(text: string, limit: number): number | undefined {
  // A UTF-16 unit takes at most three bytes: most texts need no counting.
  if (text.length * 3 <= limit) return undefined;
  const bytes = encoder.encode(text).length;
  return bytes > limit ? bytes : undefined;
}
