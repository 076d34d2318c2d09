import {
  assert,
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertNotMatch,
  assertNotStrictEquals,
  assertObjectMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  equal,
  fail,
  unimplemented,
  unreachable,
} from "@std/assert";

/** These run against the real package and its stand-in alike, so they say what both share. */
function refuses(assertion: () => unknown, text = ""): void {
  try {
    assertion();
  } catch (error) {
    if (!(error instanceof AssertionError)) throw new Error("not an AssertionError");
    if (!error.message.includes(text)) throw new Error(`no "${text}" in: ${error.message}`);
    return;
  }
  throw new Error(`the assertion held: ${assertion}`);
}

async function refusesLater(assertion: () => Promise<unknown>, text: string): Promise<void> {
  const error = await assertion().then(() => undefined, (reason) => reason);
  if (!(error instanceof AssertionError)) throw new Error(`the assertion held: ${assertion}`);
  if (!error.message.includes(text)) throw new Error(`no "${text}" in: ${error.message}`);
}

const cyclic = (name: string) => {
  const value: Record<string, unknown> = { name };
  value.self = value;
  return value;
};

const equals: [string, unknown, unknown][] = [
  ["primitives", "a", "a"],
  ["NaN", NaN, NaN],
  ["zeros", 0, -0],
  ["null", null, null],
  ["nested objects", { a: [{ b: 1 }] }, { a: [{ b: 1 }] }],
  ["keys in another order", { a: 1, b: 2 }, { b: 2, a: 1 }],
  ["an object without prototype", Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  ["dates", new Date(5), new Date(5)],
  ["regular expressions", /a/g, /a/g],
  ["sets in another order", new Set([1, { a: 1 }]), new Set([{ a: 1 }, 1])],
  ["maps in another order", new Map([[1, { a: 1 }], [2, {}]]), new Map([[2, {}], [1, { a: 1 }]])],
  ["bytes", new Uint8Array([1, 2]), new Uint8Array([1, 2])],
  ["symbol keys", { [Symbol.iterator]: 1 }, { [Symbol.iterator]: 1 }],
  ["cycles", cyclic("a"), cyclic("a")],
];

const differs: [string, unknown, unknown][] = [
  ["a number and its text", 1, "1"],
  ["null and undefined", null, undefined],
  ["a missing and an undefined property", {}, { a: undefined }],
  ["an added property", { a: 1 }, { a: 1, b: 2 }],
  ["arrays of other lengths", [1], [1, 2]],
  ["arrays in another order", [1, 2], [2, 1]],
  ["dates", new Date(5), new Date(6)],
  ["regular expressions", /a/g, /a/i],
  ["sets", new Set([{ a: 1 }]), new Set([{ a: 2 }])],
  ["maps", new Map([[1, 1]]), new Map([[1, 2]])],
  ["bytes", new Uint8Array([1, 2]), new Uint8Array([1, 3])],
  ["classes", new (class A {})(), new (class B {})()],
  ["an array and an object", [], {}],
  ["cycles", cyclic("a"), cyclic("b")],
];

for (const [name, a, b] of equals) {
  Deno.test(`assertEquals() takes ${name} as equal`, () => {
    assertEquals(a, b);
    if (!equal(a, b)) throw new Error("equal() differs from assertEquals()");
    refuses(() => assertNotEquals(a, b));
  });
}

for (const [name, a, b] of differs) {
  Deno.test(`assertEquals() tells ${name} apart`, () => {
    refuses(() => assertEquals(a, b), "Values are not equal");
    refuses(() => assertEquals(b, a, "and why"), "and why");
    if (equal(a, b)) throw new Error("equal() differs from assertEquals()");
    assertNotEquals(a, b);
  });
}

Deno.test("assert() and assertFalse() go by truthiness", () => {
  assert("a");
  assertFalse(0);
  refuses(() => assert(0, "told"), "told");
  refuses(() => assertFalse([], "told"), "told");
});

Deno.test("assertStrictEquals() wants the same object", () => {
  const one = {};
  assertStrictEquals(one, one);
  assertStrictEquals(NaN, NaN);
  assertNotStrictEquals({}, {});
  refuses(() => assertStrictEquals({}, {}), "same");
  refuses(() => assertStrictEquals(0, -0));
  refuses(() => assertNotStrictEquals(one, one));
});

Deno.test("assertExists() refuses null and undefined only", () => {
  assertExists(0);
  assertExists("");
  refuses(() => assertExists(null));
  refuses(() => assertExists(undefined));
});

Deno.test("assertInstanceOf() narrows, and names both classes when it refuses", () => {
  const value: unknown = new TypeError("a");
  assertInstanceOf(value, Error);
  const message: string = value.message;
  assertEquals(message, "a");
  refuses(() => assertInstanceOf(new Date(), RegExp), '"RegExp"');
  refuses(() => assertInstanceOf(null, Date));
});

Deno.test("assertStringIncludes(), assertMatch() and assertArrayIncludes() look inside", () => {
  assertStringIncludes("abc", "b");
  refuses(() => assertStringIncludes("abc", "d"), "abc");
  assertMatch("abc", /b/);
  assertNotMatch("abc", /d/);
  refuses(() => assertMatch("abc", /d/), "abc");
  refuses(() => assertNotMatch("abc", /b/), "abc");
  assertArrayIncludes([{ a: 1 }, { b: 2 }], [{ b: 2 }]);
  refuses(() => assertArrayIncludes([1, 2], [1, 3]), "3");
});

Deno.test("assertObjectMatch() compares only what the pattern names", () => {
  assertObjectMatch({ a: 1, b: { c: 2, d: 3 } }, { b: { c: 2 } });
  assertObjectMatch({ list: [{ a: 1, b: 2 }] }, { list: [{ a: 1 }] });
  refuses(() => assertObjectMatch({ a: 1 }, { a: 2 }));
  refuses(() => assertObjectMatch({ a: 1 }, { b: 1 }));
  refuses(() => assertObjectMatch({ a: { b: 1 } }, { a: { b: 2 } }));
});

Deno.test("the comparisons of order hold at their edges", () => {
  assertGreater(2, 1);
  assertGreaterOrEqual(2, 2);
  assertLess("a", "b");
  assertLessOrEqual(2, 2);
  refuses(() => assertGreater(1, 1));
  refuses(() => assertGreaterOrEqual(1, 2));
  refuses(() => assertLess(1, 1));
  refuses(() => assertLessOrEqual(2, 1));
  assertAlmostEquals(0.1 + 0.2, 0.3);
  assertAlmostEquals(10, 11, 1);
  refuses(() => assertAlmostEquals(10, 12, 1));
});

Deno.test("assertThrows() checks the class and the text, and gives the error back", () => {
  const boom = () => {
    throw new TypeError("it went off");
  };
  const error: TypeError = assertThrows(boom, TypeError, "went");
  assertEquals(error.message, "it went off");
  assertInstanceOf(assertThrows(boom), TypeError);
  refuses(() => assertThrows(() => 1), "to throw");
  refuses(() => assertThrows(boom, RangeError), "RangeError");
  refuses(() => assertThrows(boom, TypeError, "stayed"), "stayed");
});

Deno.test("assertRejects() wants a promise that rejects, not a function that throws", async () => {
  const boom = () => Promise.reject(new TypeError("it went off"));
  const error: TypeError = await assertRejects(boom, TypeError, "went");
  assertEquals(error.message, "it went off");
  assertInstanceOf(await assertRejects(boom), TypeError);
  await refusesLater(() => assertRejects(() => Promise.resolve()), "to reject");
  await refusesLater(() => assertRejects(boom, RangeError), "RangeError");
  await refusesLater(() => assertRejects(boom, TypeError, "stayed"), "stayed");
  const throws = () =>
    assertRejects(() => {
      throw new Error("at once");
    });
  await refusesLater(throws, "throws when expected to reject");
});

Deno.test("fail(), unreachable() and unimplemented() always refuse", () => {
  refuses(() => fail("told"), "told");
  refuses(() => unreachable());
  refuses(() => unimplemented("told"), "told");
});
