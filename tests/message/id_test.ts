import { assert, assertEquals, assertThrows } from "@std/assert";
import { checkName, randomId } from "../../src/message/id.ts";

Deno.test("randomId() draws names of 22 characters, all different", () => {
  const ids = new Set<string>();
  for (let i = 0; i < 20_000; i++) ids.add(randomId());
  assertEquals(ids.size, 20_000);
  for (const id of ids) assertEquals(checkName(id, "id"), id);
  assert([...ids].every((id) => id.length === 22));
});

Deno.test("randomId() uses all of its alphabet in every place but the last", () => {
  const seen = Array.from({ length: 22 }, () => new Set<string>());
  for (let i = 0; i < 5_000; i++) [...randomId()].forEach((letter, at) => seen[at]!.add(letter));
  assertEquals(seen.map(({ size }) => size), [...Array(21).fill(64), 4]);
});

for (
  const name of ["a", "A-Z_0:9.x", "email.welcome", "x".repeat(64), "__proto__", "-", "...", ".a"]
) {
  Deno.test(`checkName() takes ${name.slice(0, 20)}`, () => {
    assertEquals(checkName(name, "queue"), name);
  });
}

const refused: unknown[] = [
  ...[
    "",
    "x".repeat(65),
    "a b",
    "a/b",
    "a{b}",
    "a\n",
    "\na",
    "a\u0000",
    "\u00E9",
    "a*",
    "a,b",
    "a'b",
    ".",
    "..",
  ],
  ...[null, undefined, 7, {}, ["a"], Symbol("a"), "x".repeat(1e6)],
];

for (const name of refused) {
  Deno.test(`checkName() refuses ${Deno.inspect(name).slice(0, 30)}`, () => {
    const error = assertThrows(() => checkName(name, "queue"), TypeError, "Cannot use queue");
    assert(error.message.length < 250);
  });
}
