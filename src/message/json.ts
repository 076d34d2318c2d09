/** JSON that loses nothing: what would change on the way is refused before it is sent. */

import { UnserialisableError } from "../errors.ts";

/** Is a plain JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Is what a value of a type has become once it has travelled as JSON: a `Date` is text then. */
export type AsJson<T> = unknown extends T ? T
  : T extends { toJSON(): infer Written } ? AsJson<Written>
  : T extends string | number | boolean | null | undefined | void ? T
  : T extends readonly unknown[] ? { [K in keyof T]: AsJson<T[K]> }
  : T extends object
    ? { [K in keyof T as T[K] extends (...args: never) => unknown ? never : K]: AsJson<T[K]> }
  : never;

/** Deeper values overflow the stack of `JSON.stringify` and of most schema libraries. */
const MAX_DEPTH = 200;

/**
 * Writes a value as JSON text.
 *
 * As with `JSON.stringify`, properties that are undefined are left out, `toJSON` is honoured, and an
 * instance of a class travels as its own properties.
 *
 * @throws {UnserialisableError} when a part of it cannot be told from something else after the trip.
 */
export function encodeJson(value: unknown): string {
  const path: Path = [];
  return write(unwrap(value, path), path, []);
}

type Path = (string | number)[];

// One pass, so that what is checked is what is written: a getter may answer differently when asked
// again, and `JSON.stringify` writes -0 as 0.
function write(value: unknown, path: Path, parents: object[]): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "boolean":
      return value ? "true" : "false";
    case "number":
      if (!Number.isFinite(value)) throw refuse(path, `${value} is not a JSON number`);
      return Object.is(value, -0) ? "-0" : String(value);
    case "object":
      return value === null ? "null" : writeObject(value, path, parents);
    case "bigint":
      throw refuse(path, "a BigInt is not JSON; send it as a string");
    default:
      throw refuse(path, `a value of type ${typeof value} is not JSON`);
  }
}

function writeObject(value: object, path: Path, parents: object[]): string {
  if (parents.includes(value)) throw refuse(path, "it contains itself");
  if (parents.length >= MAX_DEPTH) {
    throw refuse(path.slice(0, 3), `it is nested deeper than ${MAX_DEPTH} levels`);
  }
  parents.push(value);
  const text = Array.isArray(value)
    ? writeArray(value, path, parents)
    : writeProperties(value, path, parents);
  parents.pop();
  return text;
}

function writeArray(value: readonly unknown[], path: Path, parents: object[]): string {
  let text = "[";
  for (let i = 0; i < value.length; i++) {
    path.push(i);
    text += (i > 0 ? "," : "") + write(unwrap(value[i], path), path, parents);
    path.pop();
  }
  return text + "]";
}

function writeProperties(value: object, path: Path, parents: object[]): string {
  const keys = Object.keys(value);
  if (Object.getPrototypeOf(value) !== Object.prototype) checkContent(value, keys, path);
  let text = "";
  for (const key of keys) {
    path.push(key);
    const property = unwrap((value as Record<string, unknown>)[key], path);
    if (property !== undefined) {
      text += (text === "" ? "" : ",") + JSON.stringify(key) + ":" + write(property, path, parents);
    }
    path.pop();
  }
  return `{${text}}`;
}

/** Gives what an object's `toJSON` makes of it, and the value itself where it has none. */
function unwrap(value: unknown, path: Path): unknown {
  for (let step = 0; typeof value === "object" && value !== null; step++) {
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON !== "function") return value;
    if (value instanceof Date && Number.isNaN(value.getTime())) {
      throw refuse(path, "it is an invalid Date");
    }
    if (step === MAX_DEPTH) throw refuse(path, "its toJSON gives ever new objects with a toJSON");
    const json: unknown = toJSON.call(value, String(path.at(-1) ?? ""));
    if (json === value) return value;
    value = json;
  }
  return value;
}

// Their content is not in their own properties, or not only there.
const OPAQUE = [Map, Set, Error, String, Number, Boolean, BigInt, Symbol];

// A promise that was not awaited, a Map, a class of private fields: each would arrive as `{}`.
function checkContent(value: object, keys: readonly string[], path: Path): void {
  const prototype = Object.getPrototypeOf(value);
  // Plain in any realm: its prototype is the root of all, or there is none.
  if (prototype === null || Object.getPrototypeOf(prototype) === null) return;
  const opaque = ArrayBuffer.isView(value) || OPAQUE.some((kind) => value instanceof kind);
  if (keys.length > 0 && !opaque) return;
  const name = String(prototype.constructor?.name || "object");
  throw refuse(path, `a ${name.slice(0, 40)} is not JSON; send an array or a plain object`);
}

// Keys may be long, and paths deep: an error stays readable.
function refuse(path: Path, reason: string): UnserialisableError {
  const shown = path.slice(0, 20).map((key) => typeof key === "string" ? key.slice(0, 40) : key);
  return new UnserialisableError(shown, reason);
}

const encoder = new TextEncoder();

/** Says whether a text is longer than `limit` bytes of UTF-8, and how long if it is. */
export function bytesOver(text: string, limit: number): number | undefined {
  // A UTF-16 unit takes at most three bytes: most texts need no counting.
  if (text.length * 3 <= limit) return undefined;
  const bytes = encoder.encode(text).length;
  return bytes > limit ? bytes : undefined;
}
