import { assert, assertEquals, assertThrows } from "@std/assert";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { pack, unpack } from "../../src/kv_queue/value.ts";

/** Packs, has it travel as a message's input does, and unpacks. */
function travel(value: unknown): unknown {
  return unpack(JSON.parse(JSON.stringify(pack({ value, keys: [] })))).value;
}

Deno.test("pack() and unpack() give what structuredClone gives, for any value", () => {
  const anything = fc.anything({
    ...{ withBigInt: true, withBoxedValues: true, withDate: true, withMap: true, withSet: true },
    ...{ withNullPrototype: true, withSparseArray: true, withTypedArray: true },
  });
  const cloned = (value: unknown) => {
    const clone = structuredClone(value);
    const got = travel(value);
    return isDeepStrictEqual(got, clone) || Deno.inspect(got) === Deno.inspect(clone);
  };
  const property = fc.property(anything, (value) => {
    fc.pre(!Deno.inspect(value, { depth: 99 }).includes("__proto__"));
    assert(cloned(value), Deno.inspect(value));
  });
  fc.assert(property, { numRuns: 2_000, seed: 5 });
});

Deno.test("pack() keeps one object one, in a value and among others", () => {
  const shared = { n: 1n };
  const [a, b, list] = travel([shared, shared, [shared]]) as [object, object, object[]];
  assert(a === b && list[0] === a);
});

Deno.test("pack() refuses what cannot come back as it was, with a TypeError that says what to send", () => {
  const proto = JSON.parse('{ "a": { "__proto__": 1 } }');
  assertThrows(() => pack({ value: proto, keys: [] }), TypeError, "send plain objects");
  assertThrows(() => pack({ value: new Blob(["a"]), keys: [] }), TypeError, "send plain objects");
  assertThrows(() => pack({ value: () => 1, keys: [] }), TypeError, "could not be cloned");
});

Deno.test("unpack() has errors of the user's own arrive as Error, with their text", () => {
  class OwnError extends Error {
    override name = "OwnError";
  }
  const got = travel(new OwnError("mine", { cause: new RangeError("deeper") })) as Error;
  assertEquals([got.constructor, got.message], [Error, "mine"]);
  assert(got.cause instanceof RangeError);
});
