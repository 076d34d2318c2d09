/**
 * Stands in for `@std/assert` where JSR cannot be reached; the runner decides which is in force.
 *
 * The functions that the tests use, with the signatures of version 1, written anew. Tests may use
 * nothing of `@std/assert` that is not here.
 */
import { equal } from "./equal.ts";

export { equal };

/** Says which assertion did not hold. */
export class AssertionError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AssertionError";
  }
}

// deno-lint-ignore no-explicit-any
type Constructor<T> = abstract new (...args: any[]) => T;
type Falsy = false | 0 | 0n | "" | null | undefined;
type Many<T> = ArrayLike<T> & Iterable<T>;

function raise(message: string, addition?: string, options?: ErrorOptions): never {
  throw new AssertionError(addition ? `${message}: ${addition}` : message, options);
}

function show(value: unknown): string {
  return Deno.inspect(value, {
    depth: Infinity,
    sorted: true,
    trailingComma: true,
    compact: false,
    iterableLimit: Infinity,
    strAbbreviateSize: Infinity,
  });
}

function difference(actual: unknown, expected: unknown): string {
  return `\n\n  actual:\n${show(actual)}\n\n  expected:\n${show(expected)}\n`;
}

export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

export function assertFalse(expr: unknown, msg = ""): asserts expr is Falsy {
  if (expr) throw new AssertionError(msg);
}

export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) return;
  raise(`Values are not equal${difference(actual, expected)}`, msg);
}

export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!equal(actual, expected)) return;
  raise(`Expected actual to differ from expected, both are ${show(actual)}`, msg);
}

export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  if (Object.is(actual, expected)) return;
  const text = equal(actual, expected)
    ? `Values have the same structure but are not the same object:\n${show(actual)}\n`
    : `Values are not strictly equal${difference(actual, expected)}`;
  raise(text, msg);
}

export function assertNotStrictEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!Object.is(actual, expected)) return;
  raise(`Expected actual not to be strictly equal to expected: ${show(actual)}`, msg);
}

export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  if (actual !== undefined && actual !== null) return;
  raise(`Expected actual ${show(actual)} to not be null or undefined`, msg);
}

export function assertInstanceOf<T extends Constructor<unknown>>(
  actual: unknown,
  expectedType: T,
  msg = "",
): asserts actual is InstanceType<T> {
  if (actual instanceof expectedType) return;
  const found = actual instanceof Object ? actual.constructor?.name ?? "object" : show(actual);
  raise(`Expected object to be an instance of "${expectedType.name}" but was "${found}"`, msg);
}

export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  if (actual.includes(expected)) return;
  raise(`Expected actual: "${actual}" to contain: "${expected}"`, msg);
}

export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  if (expected.test(actual)) return;
  raise(`Expected actual: "${actual}" to match: ${expected}`, msg);
}

export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void {
  if (!expected.test(actual)) return;
  raise(`Expected actual: "${actual}" not to match: ${expected}`, msg);
}

export function assertArrayIncludes<T>(actual: Many<T>, expected: Many<T>, msg?: string): void {
  const found = Array.from(actual);
  const missing = Array.from(expected).filter((item) => !found.some((one) => equal(one, item)));
  if (missing.length === 0) return;
  raise(`Expected actual: ${show(actual)} to include ${show(missing)}`, msg);
}

export function assertObjectMatch(
  // deno-lint-ignore no-explicit-any
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  const part = pick(actual, expected, new Map());
  if (!equal(part, expected)) {
    raise(`Object does not match${difference(part, expected)}`, msg);
  }
}

/** Keeps of a value only what the pattern names, so that the two can be compared. */
function pick(value: unknown, pattern: unknown, seen: Map<object, unknown>): unknown {
  if (!isRecord(value) || !isRecord(pattern)) return value;
  if (Array.isArray(value) !== Array.isArray(pattern)) return value;
  if (seen.has(pattern)) return seen.get(pattern);
  // A list is compared in full: only the objects in it are narrowed.
  const part: object = Array.isArray(value) ? [...value] : Object.create(Object.prototype);
  seen.set(pattern, part);
  for (const key of Reflect.ownKeys(pattern)) {
    if (Array.isArray(pattern) && key === "length") continue;
    if (key in value) {
      Reflect.set(part, key, pick(Reflect.get(value, key), Reflect.get(pattern, key), seen));
    }
  }
  return part;
}

function isRecord(value: unknown): value is object {
  if (Array.isArray(value)) return true;
  if (typeof value !== "object" || value === null) return false;
  return !(value instanceof Map || value instanceof Set || value instanceof Date ||
    value instanceof RegExp || ArrayBuffer.isView(value));
}

export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual > expected)) raise(`Expect ${show(actual)} > ${show(expected)}`, msg);
}

export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual >= expected)) raise(`Expect ${show(actual)} >= ${show(expected)}`, msg);
}

export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual < expected)) raise(`Expect ${show(actual)} < ${show(expected)}`, msg);
}

export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual <= expected)) raise(`Expect ${show(actual)} <= ${show(expected)}`, msg);
}

export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance?: number,
  msg?: string,
): void {
  const allowed = tolerance ?? (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  if (Object.is(actual, expected) || Math.abs(expected - actual) <= allowed) return;
  raise(`Expected actual: ${actual} to be close to ${expected} (within ${allowed})`, msg);
}

export function assertThrows(fn: () => unknown, msg?: string): unknown;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  // deno-lint-ignore no-explicit-any
  ErrorClass: abstract new (...args: any[]) => E,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  classOrMsg?: Constructor<Error> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  try {
    fn();
  } catch (error) {
    return checkError(error, classOrMsg, msgIncludes, msg);
  }
  raise("Expected function to throw", typeof classOrMsg === "string" ? classOrMsg : msg);
}

export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  // deno-lint-ignore no-explicit-any
  ErrorClass: abstract new (...args: any[]) => E,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  classOrMsg?: Constructor<Error> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  let promise: PromiseLike<unknown>;
  try {
    promise = fn();
  } catch (error) {
    raise("Function throws when expected to reject", msg, { cause: error });
  }
  try {
    await promise;
  } catch (error) {
    return checkError(error, classOrMsg, msgIncludes, msg);
  }
  raise("Expected function to reject", typeof classOrMsg === "string" ? classOrMsg : msg);
}

function checkError(
  error: unknown,
  classOrMsg?: Constructor<Error> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  if (classOrMsg === undefined || typeof classOrMsg === "string") return error;
  if (!(error instanceof Error)) raise("A non-Error object was thrown or rejected", msg);
  if (!(error instanceof classOrMsg)) {
    const found = (error as Error).constructor?.name;
    raise(`Expected error to be instance of "${classOrMsg.name}", but was "${found}"`, msg, {
      cause: error,
    });
  }
  if (msgIncludes && !error.message.includes(msgIncludes)) {
    raise(
      `Expected error message to include "${msgIncludes}", but got "${error.message}"`,
      msg,
      { cause: error },
    );
  }
  return error;
}

export function fail(msg?: string): never {
  raise("Failed assertion", msg);
}

export function unreachable(msg?: string): never {
  raise("Unreachable", msg);
}

export function unimplemented(msg?: string): never {
  raise("Unimplemented", msg);
}
