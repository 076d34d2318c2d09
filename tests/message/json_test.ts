import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { UnserialisableError } from "@dabba/queue";
import { bytesOver, encodeJson } from "../../src/message/json.ts";

function nested(levels: number): unknown {
  let value: unknown = "deep";
  for (let level = 0; level < levels; level++) value = level % 2 ? [value] : { in: value };
  return value;
}

const proto = JSON.parse('{"__proto__":{"polluted":true},"a":1}');

const kept: Record<string, unknown> = {
  "null": null,
  "true": true,
  "the text 007": "007",
  "the text null": "null",
  "an empty text": "",
  "an empty array": [],
  "an empty object": {},
  "empty arrays in objects": { a: [], b: {} },
  "the largest safe integer": Number.MAX_SAFE_INTEGER,
  "2^53 and more": 2 ** 53 + 2,
  "1e21": 1e21,
  "the smallest number": Number.MIN_VALUE,
  "0.1 + 0.2": 0.1 + 0.2,
  "minus zero": -0,
  "minus zero inside": { a: [0, -0], b: "-0", c: -0 },
  "minus zero beside a text that looks like anything": ["-0", "\u0000-0", { "-0": -0 }],
  "NUL and control characters": "\u0000\u0001\n\r\t\u007f",
  "line separators": "\u2028\u2029",
  "a lone surrogate": "a\uD800b",
  "lone surrogates as keys": { "\uDFFF": "\uD800" },
  "an emoji": "\u{1F35B}",
  "a text of twenty digits": "12345678901234567890",
  "an own __proto__": proto,
  "keys of every object": { toString: 1, constructor: 2, hasOwnProperty: 3, then: 4 },
  "200 levels": nested(200),
  "an array of 10,000": Array.from({ length: 10_000 }, (_, i) => i),
  "one object twice, beside itself": ((one) => ({ a: one, b: [one, one] }))({ x: 1 }),
};

for (const [what, value] of Object.entries(kept)) {
  Deno.test(`encodeJson() keeps ${what}`, () => {
    const back = JSON.parse(encodeJson(value));
    assertEquals(back, value);
    assertEquals(Deno.inspect(back, { depth: 300 }), Deno.inspect(value, { depth: 300 }));
    assertEquals(({} as { polluted?: true }).polluted, undefined);
  });
}

const changed: [string, unknown, unknown][] = [
  ["leaves out properties that are undefined", { a: 1, b: undefined }, { a: 1 }],
  ["writes a Date as its text", { at: new Date(0) }, { at: "1970-01-01T00:00:00.000Z" }],
  ["writes a URL as its text", new URL("https://a.example/b"), "https://a.example/b"],
  ["honours toJSON", { toJSON: (key: string) => ({ key }) }, { key: "" }],
  ["honours toJSON with its key", { a: { toJSON: (key: string) => key } }, { a: "a" }],
  ["honours toJSON with its index", [{ toJSON: (key: string) => key }], ["0"]],
  ["honours toJSON of what toJSON gives", { toJSON: () => new Date(0) }, new Date(0).toJSON()],
  ["leaves out what toJSON gives as undefined", { a: { toJSON() {} }, b: 1 }, { b: 1 }],
  ["takes an object without a prototype", Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  [
    "takes an instance by its own properties",
    new (class A {
      x = 1;
    })(),
    { x: 1 },
  ],
];

for (const [behaviour, value, expected] of changed) {
  Deno.test(`encodeJson() ${behaviour}`, () => {
    assertEquals(JSON.parse(encodeJson(value)), expected);
  });
}

function cyclic(): unknown {
  const value: Record<string, unknown> = {};
  value.list = [{ self: value }];
  return value;
}

class Secret {
  readonly #value = 1;
  get value(): number {
    return this.#value;
  }
}

const refused: [string, unknown, string][] = [
  ["undefined", undefined, "undefined"],
  ["a function", () => {}, "function"],
  ["a symbol", Symbol("s"), "symbol"],
  ["a BigInt", 1n, "BigInt"],
  ["NaN", NaN, "NaN"],
  ["Infinity", -Infinity, "Infinity"],
  ["a function inside", { a: { b: () => {} } }, `"a.b"`],
  ["a symbol inside", { a: [Symbol("s")] }, `"a.0"`],
  ["a BigInt inside", [{ id: 1n }], `"0.id"`],
  ["undefined in an array", [1, undefined], `"1"`],
  // deno-lint-ignore no-sparse-arrays
  ["a hole in an array", [1, , 2], `"1"`],
  ["a cycle", cyclic(), "contains itself"],
  ["201 levels", nested(201), "200 levels"],
  ["200,000 levels", nested(200_000), "200 levels"],
  ["an invalid Date", { at: new Date(NaN) }, `"at"`],
  ["a Map", { map: new Map([[1, 2]]) }, "Map"],
  ["a Set", new Set([1]), "Set"],
  ["bytes", { data: new Uint8Array(3) }, "Uint8Array"],
  ["a buffer", new ArrayBuffer(3), "ArrayBuffer"],
  ["an error", { error: new Error("lost") }, "Error"],
  ["an error with own properties", Object.assign(new Error("lost"), { code: 7 }), "Error"],
  ["a promise that was not awaited", { url: Promise.resolve("x") }, "Promise"],
  ["a regular expression", /a/, "RegExp"],
  ["a WeakMap", new WeakMap(), "WeakMap"],
  ["search parameters", new URLSearchParams("a=1"), "URLSearchParams"],
  ["headers", new Headers({ a: "1" }), "Headers"],
  ["an instance with private fields only", new Secret(), "Secret"],
  ["a boxed number", Object(NaN), "Number"],
  ["a boxed text", [Object("x")], "String"],
  ["a boxed boolean", Object(false), "Boolean"],
  ["a boxed BigInt", Object(1n), "BigInt"],
  ["what toJSON gives as a BigInt", { toJSON: () => 1n }, "BigInt"],
  ["what toJSON gives as undefined", { toJSON() {} }, "undefined"],
];

for (const [what, value, part] of refused) {
  Deno.test(`encodeJson() refuses ${what}, and says where`, () => {
    const error = assertThrows(() => encodeJson(value), UnserialisableError);
    assertStringIncludes(error.message, part);
    assertEquals(error.code, "unserialisable");
  });
}

Deno.test("encodeJson() asks each getter and each toJSON once: what it checked is what it wrote", () => {
  let asked = 0;
  const shifty = {
    get a() {
      return asked++ === 0 ? 1 : NaN;
    },
    b: { toJSON: () => asked++ === 1 ? "fine" : 1n },
  };
  assertEquals(JSON.parse(encodeJson(shifty)), { a: 1, b: "fine" });
});

Deno.test("UnserialisableError stays short, however long the keys are", () => {
  const error = assertThrows(() => encodeJson({ ["k".repeat(1e6)]: 1n }), UnserialisableError);
  assert(error.message.length < 500, `${error.message.length} characters`);
});

Deno.test("encodeJson() passes on what a getter throws", () => {
  const value = {
    get a() {
      throw new TypeError("from the getter");
    },
  };
  assertThrows(() => encodeJson(value), TypeError, "from the getter");
});

Deno.test("encodeJson() writes what JSON.stringify writes, for random plain values", () => {
  let seed = 42;
  const random = () => (seed = seed * 48_271 % 2_147_483_647) / 2_147_483_647;
  const leaves = [null, true, false, "", 'a"b\\c\u0007', "\uD834\uDD1E", 0, -1.5, 1e-7, 123456789];
  function value(depth: number): unknown {
    const kind = random() * (depth > 5 ? 1 : 3);
    if (kind < 1) return leaves[Math.floor(random() * leaves.length)];
    const items = Array.from({ length: random() * 5 }, () => value(depth + 1));
    return kind < 2 ? items : Object.fromEntries(items.map((item, i) => [`k${i}"`, item]));
  }
  for (let round = 0; round < 2_000; round++) {
    const one = value(0);
    assertEquals(encodeJson(one), JSON.stringify(one));
  }
});

Deno.test("bytesOver() counts UTF-8, and only what is over the limit", () => {
  assertEquals(bytesOver("abc", 3), undefined);
  assertEquals(bytesOver("abcd", 3), 4);
  assertEquals(bytesOver("\u00E9\u00E9", 3), 4);
  assertEquals(bytesOver("\u{6F22}", 3), undefined);
  assertEquals(bytesOver("\u{1F35B}", 3), 4);
  assertEquals(bytesOver("", 0), undefined);
});
